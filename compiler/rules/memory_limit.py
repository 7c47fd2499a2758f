"""A memory limit that differs from Redis' own `memory`: the keys' share would follow the wrong one."""

from __future__ import annotations

from typing import Any

from compiler.components.bases import redis
from compiler.diagnostics import Report
from compiler.model import Instance, Path, Platform
from compiler.spec import quantity


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    spec = instance.spec
    limit = spec.resources.limits.memory if isinstance(spec, redis.Spec) else None
    if limit is not None and quantity.whole(limit) != quantity.whole(spec.memory):
        path: Path = (*instance.path, "resources", "limits", "memory")
        report.add(
            "memory-limit",
            f"`{instance.name}` has a memory limit of {limit} beside `memory: {spec.memory}`, "
            "and the memory for keys follows it",
            platform.document.value_span(path),
            path=path,
            help=f"delete the limit and write `memory: {limit}`",
        )
