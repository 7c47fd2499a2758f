"""A volume that Redis can fill: on a full disk it refuses all writes.

The log of all writes grows to three times the memory limit before it is rewritten, and a snapshot
is written while the previous one exists (Redis documentation, persistence).
"""

from __future__ import annotations

from typing import Any

from compiler.components.bases import redis
from compiler.diagnostics import Report
from compiler.model import Instance, Path, Platform
from compiler.spec import quantity


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    spec = instance.spec
    if not isinstance(spec, redis.Spec) or spec.storage is None or spec.persistence == "none":
        return
    limit = spec.resources.limits.memory or spec.memory
    needed = redis.storage(spec.model_copy(update={"storage": None}), quantity.whole(limit))
    if quantity.whole(spec.storage) < quantity.whole(needed):
        path: Path = (*instance.path, "storage")
        report.add(
            "volume-size",
            f"`{instance.name}` may need {needed} on disk ({redis.DISK[spec.persistence]} x "
            f"{limit} for `{spec.persistence}`), and its volume has {spec.storage}",
            platform.document.value_span(path),
            path=path,
            help=f"write `storage: {needed}`, or delete it",
        )
