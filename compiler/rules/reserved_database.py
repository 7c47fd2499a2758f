"""A claimed database that the server has for itself, or that a drill of its copies makes and drops."""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.interfaces import sql
from compiler.model import Graph, Path, Platform


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for binding in graph.bindings:
        claim = binding.claim
        if not isinstance(claim, sql.Claim) or binding.relayed or binding.final.offer.external:
            continue
        own: frozenset[str] = getattr(binding.requires.endpoint, "own_databases", frozenset())
        if claim.database in own:
            reason = "the server keeps its own data there"
        elif claim.database.startswith(sql.DRILL):
            reason = f"a drill of copies drops databases whose names begin with `{sql.DRILL}`"
        else:
            continue
        consumer = binding.consumer
        named = getattr(consumer.spec, "database", None) is not None
        path: Path = (*consumer.path, "database") if named else consumer.path
        report.add(
            "invalid-database",
            f"`{consumer.name}` cannot have the database `{claim.database}`: {reason}",
            platform.document.span_of(path),
            path=path,
            help="write another name as `database`" if named else f"rename `{consumer.name}`",
        )
