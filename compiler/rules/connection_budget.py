"""Clients that may open more connections than PostgreSQL or a pooler accepts: it would refuse the last of them.

This counts the maximum: every pool full, and one extra pod during a rolling update. Sources:
PostgreSQL 17 manual 19.3.1 (max_connections), PgBouncer 1.25 (default_pool_size is for each pair of
user and database; beyond max_client_conn in one process it refuses clients), SQLAlchemy 2 (pool_size +
max_overflow for each engine).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from compiler.diagnostics import Related, Report
from compiler.diagnostics.words import MOST_TERMS, addition
from compiler.interfaces import connections, postgresql
from compiler.model import Graph, Instance, Node, Path, Platform
from compiler.registry import component
from compiler.specialise.merge import overridden


def check(platform: Platform, graph: Graph, report: Report) -> None:
    if _a_pooler_may_be_wrong(platform):
        return
    for name, slots in graph.offers.items():
        for provides, offer in slots.items():
            if isinstance(offer, postgresql.Offer) and provides.forwards is None:
                limit = offer.max_connections or (connections.MAXIMUM if offer.grows else None)
                claims = graph.wiring(name).claims(provides)
                if limit is not None:
                    clients = list(connections.parts(claims))
                    _check_server(platform, graph.instances[name], clients, limit, report)
                for logins in connections.by_pooler(claims).values():
                    _check_pooler(platform, logins, report)


def _a_pooler_may_be_wrong(platform: Platform) -> bool:
    """Whether an instance with errors could be a pooler of the clients, which are counted without it."""
    names = dict(platform.document.at(("spec", "components")).entries())
    types = [component(type) for name, type in platform.wrong.items() if name in names]
    return any(type is None or any(slot.forwards for slot in type.provides) for type in types)


def _check_server(
    platform: Platform,
    server: Instance[Any],
    clients: Sequence[connections.Part],
    limit: int,
    report: Report,
) -> None:
    total = connections.RESERVED + sum(part.count for part in clients)
    if total <= limit:
        return
    enough = _rounded(total)
    raising = f"set `maxConnections: {enough}` on `{server.name}`, or "
    _report(
        platform, (*server.path, "maxConnections"), clients,
        f"`{server.name}` accepts {limit} connections, and {total} may be opened: "
        f"{connections.RESERVED} reserved + ",
        f"{raising if enough <= connections.MAXIMUM else ''}lower replicas, workers or `poolSize`", report,
    )  # fmt: skip


def _check_pooler(platform: Platform, logins: Sequence[postgresql.Binding], report: Report) -> None:
    pooler, pooling = logins[0].provider, logins[0].offer.pooling
    if pooling is None or pooling.most_clients is None:
        return
    clients = list(connections.parts_of_pooler(logins))
    limit, total = pooling.replicas * pooling.most_clients, sum(part.count for part in clients)
    if total <= limit:
        return
    of_each = _rounded(-(-total // pooling.replicas))
    _report(
        platform, (*pooler.path, "maxClientConnections"), clients,
        f"`{pooler.name}` accepts {limit} connections of clients, and {total} may be opened: ",
        f"set `maxClientConnections: {of_each}` on `{pooler.name}`, or raise its `replicas`", report,
    )  # fmt: skip


def _report(
    platform: Platform, path: Path, clients: Sequence[connections.Part], message: str, help: str,
    report: Report,
) -> None:  # fmt: skip
    document = platform.document
    terms = [(part.count, f"`{part.instance.name}` ({part.calculation})") for part in clients]
    largest = sorted(clients, key=lambda part: part.count, reverse=True)[:MOST_TERMS]
    report.add(
        "connection-budget",
        f"{message}{addition(terms, str)}",
        document.value_span(path),
        path=path,
        help=help,
        related=[_opens(part, document) for part in largest],
    )


def _opens(part: connections.Part, document: Node) -> Related:
    """The place that declares the number: the override of an environment, or the instance."""
    path = part.instance.source
    override = overridden(document, path)
    if override is not None:
        return Related(f"opens {part.count}, as overridden here", override)
    return Related(f"opens {part.count}", document.span_of(path))


def _rounded(count: int) -> int:
    """The next multiple of ten, because a budget without a spare connection breaks at the next
    change.
    """
    return -(-count // 10) * 10
