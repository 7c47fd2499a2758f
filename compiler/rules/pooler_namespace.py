"""A pooler that an operator runs has to be where its database is: it is named in the same breath.

Facts are of CloudNativePG 1.30, whose Pooler names its Cluster without a namespace.
"""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.model import Graph, Platform


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for binding in graph.bindings:
        if binding.via is None or getattr(binding.offer, "operator", None) is None:
            continue
        pooler, database = binding.via.provider, binding.provider
        if pooler.namespace != database.namespace:
            report.add(
                "pooler-namespace",
                f"`{pooler.name}` is in `{pooler.namespace}`, and `{database.name}`, whose operator "
                f"runs it, in `{database.namespace}`",
                platform.document.span_of(pooler.path),
                path=pooler.path,
                help=f"add `namespace: {database.namespace}` to `{pooler.name}`",
            )
