"""A claimed database that the server has for itself, or that a drill of its copies makes and drops."""

from __future__ import annotations

from typing import Any

from compiler.diagnostics import Report
from compiler.interfaces import sql
from compiler.model import Graph, Path, Platform
from compiler.model.binding import Binding


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for name, slots in graph.offers.items():
        for provides, offer in slots.items():
            reserved: frozenset[str] | None = getattr(provides.endpoint, "own_databases", None)
            if reserved is None or offer.external:
                continue
            for binding in graph.wiring(name).claims(provides):
                if (reason := _reason(binding, reserved)) and not binding.relayed:
                    _report(binding, reason, platform, report)


def _reason(binding: Binding[sql.Claim, Any], reserved: frozenset[str]) -> str:
    """Why a client cannot have a database; empty if it can."""
    if binding.claim.database in reserved:
        return "the server keeps its own data there"
    if binding.claim.database.startswith(sql.DRILL):
        return f"a drill of copies drops databases whose names begin with `{sql.DRILL}`"
    return ""


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
