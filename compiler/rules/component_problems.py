"""Problems that components report about their own sections, and about their clients' claims."""

from __future__ import annotations

from typing import Any

from compiler.check.problems import report_problems
from compiler.diagnostics import Report
from compiler.model import Graph, Instance, Platform
from compiler.registry import component_of


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    if instance.section == "components":
        report_problems(component_of(instance).problems(instance), instance, platform, report)


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for instance in platform.instances.values():
        if instance.section == "components":
            problems = component_of(instance).binding_problems(
                instance, graph.wiring(instance.name)
            )
            report_problems(problems, instance, platform, report)
