"""A system that a cluster has once, declared twice: both would tell the same objects what to hold.

A component whose controller looks after the whole cluster says so: `CLUSTER_SINGLETON` in its module is the
reason. Who requires what both offer is not told that it has to choose.
"""

from __future__ import annotations

from collections.abc import Mapping

from compiler.diagnostics import Related, Report
from compiler.model import Instance, Platform
from compiler.registry import sole


def check_specs(platforms: Mapping[str, Platform], report: Report) -> None:
    for name, platform in platforms.items():
        _check(platform, report.within(name))


def _check(platform: Platform, report: Report) -> None:
    span_of = platform.document.span_of
    first: dict[str, Instance[object]] = {}
    components = [one for one in platform.instances.values() if one.section == "components"]
    for instance in sorted(components, key=lambda one: span_of(one.path)):
        reason = sole(instance)
        other = first.setdefault(instance.type, instance)
        if reason and other is not instance:
            report.add(
                "twice-installed",
                f"`{instance.name}` would be a second `{instance.type}` beside `{other.name}`: "
                f"{reason}",
                span_of(instance.path),
                path=instance.path,
                help=f"delete it; `{other.name}` serves its namespace too",
                related=[Related("the other one", span_of(other.path))],
            )
