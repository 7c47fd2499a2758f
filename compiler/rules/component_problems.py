"""Problems that components report about their own sections, and about their clients' claims."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from compiler.diagnostics import Related, Report
from compiler.diagnostics.words import correction
from compiler.model import Graph, Instance, Path, Platform
from compiler.model.problem import Problem
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


def report_problems(
    problems: Iterable[Problem], instance: Instance[Any], platform: Platform, report: Report
) -> None:
    """Report problems at the keys of an instance's section."""
    document = platform.document
    for problem in problems:
        path: Path = (*instance.path, *problem.key)
        value = document.at(path).value
        # For a section, mark its key.
        span = document.span_of(path) if isinstance(value, dict) else document.value_span(path)
        related = (
            [Related(problem.related[0], document.span_of(problem.related[1]))]
            if problem.related
            else []
        )
        report.add(
            problem.code,
            problem.message,
            span,
            path=path,
            help=problem.help,
            fix=correction(span, str(value), problem.candidates),
            related=related,
        )
