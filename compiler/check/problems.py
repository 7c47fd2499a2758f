"""Report the problems that a component finds in an instance's section."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from compiler.diagnostics import Related, Report
from compiler.diagnostics.words import correction
from compiler.document import Path
from compiler.model.instance import Instance
from compiler.model.package import Platform
from compiler.model.problem import Problem


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
