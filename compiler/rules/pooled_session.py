"""A client that needs a session, bound to a pooler that changes sessions with each transaction.

lakeFS prepares statements and takes advisory locks, and migrations lock tables across statements.
In PgBouncer's transaction mode these may reach another session (PgBouncer's feature matrix).
Automatic bindings bypass the pooler; only `bind` can select it.
"""

from __future__ import annotations

from compiler.diagnostics import Related, Report
from compiler.model import Graph, Path, Platform


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for binding in graph.bindings:
        consumer, slot = binding.consumer, binding.requires.slot
        pooler = binding.provider
        forwards = any(
            provides.forwards == binding.requires for provides in graph.offers[consumer.name]
        )
        if binding.claim.pooled or not binding.provides.forwards or forwards:
            continue
        path: Path = (*consumer.path, "bind", slot)
        document = platform.document
        final = binding.final.provider.name
        report.add(
            "pooled-session",
            f"`{consumer.name}` keeps state in its database session, and `{pooler.name}` changes "
            "sessions between transactions",
            document.value_span(path),
            path=path,
            help=f"write `bind: {{{slot}: {final}}}`",
            related=[Related("the pooler", document.span_of(pooler.path))],
        )
