"""A model that is larger than the memory or disk that its server gets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.diagnostics import Report
from compiler.model import Instance, Path, Platform
from compiler.spec import quantity
from compiler.spec.served_model import ModelSpec


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    spec = instance.spec
    if instance.section != "models" or spec.size is None:
        return
    size = quantity.in_bytes(spec.size)
    for key, room, limit in _rooms(spec):
        if quantity.in_bytes(room) < size:
            path: Path = (*instance.path, *key)
            report.add(
                "does-not-fit",
                f"`{instance.name}` has {spec.size} of files, and {limit} {room}",
                platform.document.span_of(path),
                path=path,
                help="raise the amount, or correct `size`",
            )


def _rooms(spec: ModelSpec) -> Iterator[tuple[Path, str, str]]:
    """Each amount that must hold the whole model: its path, the amount, and its name."""
    limits = spec.resources.limits
    if limits.memory:
        yield ("resources", "limits", "memory"), limits.memory, "its memory limit is"
    if limits.ephemeral_storage:
        key = ("resources", "limits", "ephemeralStorage")
        yield key, limits.ephemeral_storage, "its limit of local disk is"
    gpus = spec.gpus
    if gpus is not None and gpus.memory:
        total = quantity.binary(quantity.in_bytes(gpus.memory) * gpus.count)
        yield ("gpu",), total, "its GPUs have"
