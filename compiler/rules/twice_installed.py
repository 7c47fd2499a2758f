"""A system that a cluster has once, declared twice: both would tell the same objects what to hold.

A component whose controller looks after the whole cluster says so: `SOLE` in its module is the
reason.
"""

from __future__ import annotations

from compiler.diagnostics import Related, Report
from compiler.model import Graph, Instance, Platform
from compiler.registry import module


def check(platform: Platform, graph: Graph, report: Report) -> None:
    span_of = platform.document.span_of
    first: dict[str, Instance[object]] = {}
    components = [one for one in platform.instances.values() if one.section == "components"]
    for instance in sorted(components, key=lambda one: span_of(one.path)):
        sole = getattr(module(instance), "SOLE", None)
        other = first.setdefault(instance.type, instance)
        if sole and other is not instance:
            report.add(
                "twice-installed",
                f"`{instance.name}` would be a second `{instance.type}` beside `{other.name}`: "
                f"{sole}",
                span_of(instance.path),
                path=instance.path,
                help=f"delete it; `{other.name}` serves its namespace too",
                related=[Related("the other one", span_of(other.path))],
            )
