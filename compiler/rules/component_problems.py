"""Problems that components and workloads report about their own sections, and components about their clients' claims."""

from __future__ import annotations

from typing import Any

from compiler.check.problems import report_problems
from compiler.diagnostics import Report
from compiler.model import Graph, Instance, Platform
from compiler.registry import component_of


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    if instance.section in ("components", "workloads"):
        report_problems(component_of(instance).problems(instance), instance, platform, report)


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for instance in platform.instances.values():
        if instance.section == "components":
            problems = component_of(instance).binding_problems(
                instance, graph.wiring(instance.name)
            )
            settled = (p for p in problems if not _has_errors(p.missing, platform))
            report_problems(settled, instance, platform, report)


def _has_errors(name: str, platform: Platform) -> bool:
    """Whether the spec has an instance that rules do not see, because of errors that are reported anyway."""
    if not name or name in platform.instances:
        return False
    spec = platform.document.at(("spec",))
    sections = (spec.child(section) for section in ("components", "models", "workloads"))
    return any(section is not None and section.child(name) is not None for section in sections)
