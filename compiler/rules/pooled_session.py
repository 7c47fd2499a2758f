"""A client that needs a session, bound to a pooler that changes sessions with each transaction.

lakeFS prepares statements and takes advisory locks, and migrations lock tables across statements.
In PgBouncer's transaction mode these may reach another session (PgBouncer's feature matrix).
Automatic bindings bypass the pooler; only `bind` can select it, or `uses` in a workload.
"""

from __future__ import annotations

from compiler.diagnostics import Related, Report
from compiler.model import Binding, Graph, Path, Platform


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for binding in graph.bindings:
        consumer, pooler = binding.consumer, binding.provider
        forwards = any(
            provides.forwards == binding.requires for provides in graph.offers[consumer.name]
        )
        if binding.claim.pooled or not binding.provides.forwards or forwards:
            continue
        path, help = _choice(binding)
        document = platform.document
        report.add(
            "pooled-session",
            f"`{consumer.name}` keeps state in its database session, and `{pooler.name}` changes "
            "sessions between transactions",
            document.value_span(path),
            path=path,
            help=help,
            related=[Related("the pooler", document.span_of(pooler.path))],
        )


def _choice(binding: Binding) -> tuple[Path, str]:
    """The path at which the spec selects the pooler, and the text that selects the server behind it."""
    consumer, slot = binding.consumer, binding.requires.slot
    server, pooler = binding.final.provider.name, binding.provider.name
    uses: tuple[str, ...] = getattr(consumer.spec, "uses", ())
    if pooler in uses:
        path = (*consumer.path, "uses", uses.index(pooler))
        return path, f"write `{server}` in place of `{pooler}`"
    return (*consumer.path, "bind", slot), f"write `bind: {{{slot}: {server}}}`"
