"""A pooler that an operator runs must be in the namespace of its database.

CloudNativePG 1.30: a Pooler names its Cluster without a namespace.
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
