"""Ask the serving system of each model whether it can serve the model as it is declared."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.diagnostics import Report, correction
from compiler.interfaces import serving
from compiler.model import Graph, Platform


def check_all(
    platforms: Mapping[str, Platform], graphs: Mapping[str, Graph], report: Report
) -> None:
    fine: set[int] = set()  # bindings without problems: environments share them
    for name, platform in platforms.items():
        _check(platform, graphs[name], fine, report.within(name))


def _check(platform: Platform, graph: Graph, fine: set[int], report: Report) -> None:
    for binding in graph.bindings:
        if binding.requires != serving.SERVING or id(binding) in fine:
            continue
        if binding.consumer.section != "models":
            continue
        fine.add(id(binding))
        endpoint = binding.endpoint()
        assert isinstance(endpoint, serving.Endpoint)
        for problem in endpoint.problems(binding.consumer):
            fine.discard(id(binding))
            path = (*binding.consumer.path, *problem.key)
            document = platform.document
            value = document.at(path).value
            # For a section, mark its key.
            span = document.span_of(path) if isinstance(value, dict) else document.value_span(path)
            report.add(
                problem.code,
                problem.message,
                span,
                path=path,
                help=problem.help,
                fix=correction(span, str(value), problem.candidates),
            )
