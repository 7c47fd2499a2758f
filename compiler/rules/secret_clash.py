"""Two credentials with one name: `<consumer>-<slot>` can be read in two ways."""

from __future__ import annotations

from compiler.diagnostics import Related, Report
from compiler.model import Binding, Graph, Platform


def check(platform: Platform, graph: Graph, report: Report) -> None:
    seen: dict[tuple[str, str], Binding] = {}
    for binding in graph.bindings:
        if binding.via is not None:
            continue
        key = (binding.consumer.namespace, binding.secret)
        first = seen.setdefault(key, binding)
        if first.consumer.name != binding.consumer.name:
            consumer = binding.consumer
            path = consumer.declared or consumer.path
            report.add(
                "secret-clash",
                f"`{consumer.name}` and `{first.consumer.name}` would both read the Secret "
                f"`{binding.secret}`: slot `{binding.requires.slot}` of one, "
                f"`{first.requires.slot}` of the other",
                platform.document.span_of(path),
                path=path,
                help=f"rename `{consumer.name}`",
                related=[Related("the other one", platform.document.span_of(
                    first.consumer.declared or first.consumer.path))],
            )  # fmt: skip
