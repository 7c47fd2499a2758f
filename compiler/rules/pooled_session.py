"""A client that needs a session, bound to a pooler that gives it another one each transaction.

lakeFS prepares statements and takes advisory locks, migrations lock tables across statements: in
PgBouncer's transaction mode both end in the wrong session (PgBouncer's own feature matrix). What is
bound by itself goes past the pooler; only `bind` can lead it there.
"""

from __future__ import annotations

from compiler.diagnostics import Related, Report
from compiler.model import Graph, Path, Platform


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for binding in graph.bindings:
        consumer, slot = binding.consumer, binding.requires.slot
        pooler = binding.provider
        forwards = any(one.forwards == binding.requires for one in graph.offers[consumer.name])
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
