"""Each model can be served as it is declared, by the system that it is bound to."""

from __future__ import annotations

from compiler.diagnostics import Report, correction
from compiler.interfaces import serving
from compiler.model import Graph, Platform


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for binding in graph.bindings:
        if binding.consumer.section != "models" or binding.requires != serving.SERVING:
            continue
        endpoint = binding.endpoint()
        assert isinstance(endpoint, serving.Endpoint)
        for problem in endpoint.problems(binding.consumer):
            path = (*binding.consumer.path, *problem.key)
            document = platform.document
            value = document.at(path).value
            # A section is pointed at by its key.
            span = document.span_of(path) if isinstance(value, dict) else document.value_span(path)
            report.add(
                problem.code,
                problem.message,
                span,
                path=path,
                help=problem.help,
                fix=correction(span, str(value), problem.candidates),
            )
