"""Ask the serving system of each model whether it can serve the model as it is declared."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from compiler.check.problems import report_problems
from compiler.diagnostics import Report
from compiler.interfaces import serving
from compiler.model import Binding, Graph, Platform
from compiler.model.memo import Memo
from compiler.model.problem import Problem


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
        consumer = binding.consumer
        bound = serving.GATEWAY.slot in graph.by_consumer[consumer.name]
        routed = bound and consumer.spec.has_route
        problems = memo.once(partial(_problems, binding, routed), routed, binding)
        report_problems(problems, consumer, platform, report)


def _problems(binding: Binding, routed: bool) -> tuple[Problem, ...]:
    endpoint = binding.endpoint()
    assert isinstance(endpoint, serving.Endpoint)
    return tuple(endpoint.problems(binding.consumer, routed=routed))
