"""Clients may open more connections than PostgreSQL accepts; it would refuse the last ones to
start.

This counts the maximum: every pool full, and one extra pod during a rolling update. Sources:
PostgreSQL 17 manual 19.3.1 (max_connections), PgBouncer 1.25 (default_pool_size is for each pair of
user and database), SQLAlchemy 2 (pool_size + max_overflow for each engine).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from compiler.diagnostics import Related, Report
from compiler.interfaces import postgresql
from compiler.model import Binding, Graph, Instance, Node, Path, Platform
from compiler.specialise import overridden


class Part(Struct, frozen=True):
    """The connections that one instance opens, and their calculation."""

    instance: Instance[Any]
    count: int
    reckoning: str


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for name, slots in graph.offers.items():
        for provides, offer in slots.items():
            limit = getattr(offer, "max_connections", None)
            if limit is not None and provides.endpoint is postgresql.Endpoint:
                _check_server(platform, graph, graph.instances[name], limit, report)


def _check_server(
    platform: Platform, graph: Graph, server: Instance[Any], limit: int, report: Report
) -> None:
    clients = list(parts(graph, server))
    total = postgresql.RESERVED + sum(part.count for part in clients)
    if total <= limit:
        return
    document = platform.document
    path: Path = (*server.path, "maxConnections")
    terms = [f"{part.count} of `{part.instance.name}` ({part.reckoning})" for part in clients]
    report.add(
        "connection-budget",
        f"`{server.name}` accepts {limit} connections, and {total} may be opened: "
        f"{postgresql.RESERVED} reserved + {' + '.join(terms)}",
        document.value_span(path),
        path=path,
        help=f"set `maxConnections: {_rounded(total)}` on `{server.name}`, or lower replicas, "
        "workers or `poolSize`",
        related=[_opens(part, document) for part in clients],
    )


def _opens(part: Part, document: Node) -> Related:
    """The place that declares the number: the override of an environment, or the instance."""
    path = part.instance.declared or part.instance.path
    override = overridden(document, path)
    if override is not None:
        return Related(f"opens {part.count}, as overridden here", override)
    return Related(f"opens {part.count}", document.span_of(path))


def parts(graph: Graph, server: Instance[Any]) -> Iterator[Part]:
    """Every instance that opens connections to a server; a pooler stands for its clients."""
    logins: dict[str, list[Binding]] = {}
    for binding in graph.bindings:
        if binding.provider.name != server.name or not isinstance(binding.claim, postgresql.Claim):
            continue
        if binding.via is None and binding.claim.database:
            claim = binding.claim
            yield Part(binding.consumer, claim.connections, claim.reckoning or "its clients")
        elif binding.via is not None:
            logins.setdefault(binding.via.provider.name, []).append(binding)
            if binding.claim.direct:
                yield Part(binding.consumer, binding.claim.direct, "past the pooler")
    for name in sorted(logins):
        yield _pooled(graph, name, len({binding.secret for binding in logins[name]}))


def _pooled(graph: Graph, name: str, pools: int) -> Part:
    pooling = next(
        offer.pooling
        for provides, offer in graph.offers[name].items()
        if provides.forwards and isinstance(offer, postgresql.Offer) and offer.pooling
    )
    count = pooling.replicas * pools * pooling.least
    reckoning = f"{pooling.replicas} replicas x {pools} pools x {pooling.least}"
    return Part(graph.instances[name], count, reckoning)


def _rounded(count: int) -> int:
    """The next multiple of ten, because a budget without a spare connection breaks at the next
    change.
    """
    return -(-count // 10) * 10
