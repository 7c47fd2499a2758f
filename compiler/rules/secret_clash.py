"""Two credentials with one name: `<consumer>-<slot>` can be split in two ways."""

from __future__ import annotations

from compiler.diagnostics import Related, Report
from compiler.model import Binding, Graph, Platform


def check(platform: Platform, graph: Graph, report: Report) -> None:
    bindings: dict[tuple[str, str], Binding] = {}
    for binding in graph.bindings:
        if binding.via is not None or binding.existing_login is not None:
            continue
        key = (binding.consumer.namespace, binding.secret)
        earlier = bindings.setdefault(key, binding)
        shared = binding.offer.secret is not None and binding.offer is earlier.offer
        if earlier.consumer.name != binding.consumer.name and not shared:
            consumer = binding.consumer
            path = consumer.source
            report.add(
                "secret-clash",
                f"`{consumer.name}` and `{earlier.consumer.name}` would both read the Secret "
                f"`{binding.secret}`: slot `{binding.requires.slot}` of one, "
                f"`{earlier.requires.slot}` of the other",
                platform.document.span_of(path),
                path=path,
                help=f"rename `{consumer.name}`",
                related=[Related("the other one", platform.document.span_of(
                    earlier.consumer.source))],
            )  # fmt: skip
