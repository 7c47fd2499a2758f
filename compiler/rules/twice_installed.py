"""A system that may exist once per cluster is declared twice: both would change the same objects.

A component whose controller manages the whole cluster gives the reason in `CLUSTER_SINGLETON` of its module.
Consumers of both are not asked to choose one.
"""

from __future__ import annotations

from compiler.diagnostics import Related, Report
from compiler.model import Instance, Platform
from compiler.registry import component_of


def check_spec(platform: Platform, report: Report) -> None:
    span_of = platform.document.span_of
    first_of_type: dict[str, Instance[object]] = {}
    components = [
        component for component in platform.instances.values() if component.section == "components"
    ]
    for instance in sorted(components, key=lambda component: span_of(component.path)):
        reason = component_of(instance).CLUSTER_SINGLETON
        earlier = first_of_type.setdefault(instance.type, instance)
        if reason and earlier is not instance:
            report.add(
                "twice-installed",
                f"`{instance.name}` would be a second `{instance.type}` beside `{earlier.name}`: "
                f"{reason}",
                span_of(instance.path),
                path=instance.path,
                help=f"delete it; `{earlier.name}` serves its namespace too",
                related=[Related("the other one", span_of(earlier.path))],
            )
