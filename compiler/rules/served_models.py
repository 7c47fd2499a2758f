"""Ask the serving system of each model whether it can serve the model as it is declared."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.diagnostics import Report, correction
from compiler.interfaces import serving
from compiler.model import Graph, Platform


def check_all(
    platforms: Mapping[str, Platform], graphs: Mapping[str, Graph], report: Report
) -> None:
    # Bindings without problems, with a route or not: environments share them.
    fine: set[tuple[int, bool]] = set()
    for name, platform in platforms.items():
        _check(platform, graphs[name], fine, report.within(name))


def _check(platform: Platform, graph: Graph, fine: set[tuple[int, bool]], report: Report) -> None:
    for binding in graph.bindings:
        if binding.requires != serving.SERVING or binding.consumer.section != "models":
            continue
        routed = serving.GATEWAY.slot in graph.by_consumer[binding.consumer.name]
        key = (id(binding), routed)
        if key in fine:
            continue
        fine.add(key)
        endpoint = binding.endpoint()
        assert isinstance(endpoint, serving.Endpoint)
        for problem in endpoint.problems(binding.consumer, routed=routed):
            fine.discard(key)
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
