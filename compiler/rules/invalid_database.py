"""A claimed database that the server has for itself, whose owner cannot be made, or that a drill of its copies drops."""

from __future__ import annotations

from typing import Any

from compiler.diagnostics import Report
from compiler.interfaces import sql
from compiler.model import Graph, Offer, Path, Platform
from compiler.model.binding import Binding


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for name, slots in graph.offers.items():
        for provides, offer in slots.items():
            if not hasattr(provides.endpoint, "own_databases"):
                continue
            for binding in graph.wiring(name).claims(provides):
                if (reason := _reason(binding, offer)) and not binding.relayed:
                    _report(binding, reason, platform, report)


def _reason(binding: Binding[sql.Claim, Any], offer: Offer) -> str:
    """Why a client cannot have a database; empty if it can."""
    database = binding.claim.database
    endpoint: Any = binding.provides.endpoint
    if not offer.external and database in endpoint.own_databases:
        return "the server keeps its own data there"
    if not offer.external and database.startswith(sql.DRILL):
        return f"a drill of copies drops databases whose names begin with `{sql.DRILL}`"
    unfit = getattr(endpoint, "unfit_database", None)
    is_made = bool(database) and binding.existing_login is None
    return unfit(offer, database) if unfit and is_made else ""


def _report(
    binding: Binding[sql.Claim, Any], reason: str, platform: Platform, report: Report
) -> None:
    consumer = binding.consumer
    named = getattr(consumer.spec, "database", None) is not None
    if binding.claim.exists:
        help = "move its tables to a database of their own, and adopt that"
    else:
        help = "write another name as `database`" if named else f"rename `{consumer.name}`"
    path: Path = (*consumer.path, "database") if named else consumer.path
    report.add(
        "invalid-database",
        f"`{consumer.name}` cannot have the database `{binding.claim.database}`: {reason}",
        platform.document.span_of(path),
        path=path,
        help=help,
    )
