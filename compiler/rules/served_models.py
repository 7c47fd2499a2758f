"""Ask the serving system of each model whether it can serve the model as it is declared."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from compiler.diagnostics import Report, correction
from compiler.interfaces import serving
from compiler.model import Binding, Graph, Platform
from compiler.model.memo import Memo


def check_all(
    platforms: Mapping[str, Platform], graphs: Mapping[str, Graph], report: Report
) -> None:
    memo = Memo()
    for name, platform in platforms.items():
        _check(platform, graphs[name], memo, report.within(name))


def _check(platform: Platform, graph: Graph, memo: Memo, report: Report) -> None:
    for binding in graph.bindings:
        if binding.requires != serving.SERVING or binding.consumer.section != "models":
            continue
        routed = serving.GATEWAY.slot in graph.by_consumer[binding.consumer.name]
        for problem in memo.once(partial(_problems, binding, routed), routed, binding):
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


def _problems(binding: Binding, routed: bool) -> tuple[serving.ModelProblem, ...]:
    endpoint = binding.endpoint()
    assert isinstance(endpoint, serving.Endpoint)
    return tuple(endpoint.problems(binding.consumer, routed=routed))
