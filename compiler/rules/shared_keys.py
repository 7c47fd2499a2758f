"""A client of a server's whole content, next to an instance whose part only that instance should write.

Some servers separate their clients by patterns of names. A workload that uses such a server itself gets all
names, because its programs choose them; then it also reads and writes the parts of the others.
"""

from __future__ import annotations

from collections import defaultdict

from compiler.diagnostics import Report
from compiler.diagnostics.words import listing
from compiler.model import Binding, Graph, Platform

_NOUN = "keys"  # of claims of patterns of names
_ALL = "*"


def check(platform: Platform, graph: Graph, report: Report) -> None:
    clients: dict[str, list[Binding]] = defaultdict(list)
    for binding in graph.bindings:
        if binding.claim.noun == _NOUN:
            clients[binding.final.provider.name].append(binding)
    for server, bindings in sorted(clients.items()):
        of_all = [binding for binding in bindings if _ALL in binding.claim.keeps]
        owners = {
            binding.consumer.name
            for binding in (bindings if of_all else ())
            if binding.claim.keeps
            and _ALL not in binding.claim.keeps
            and binding.consumer.section == "components"
        }
        for binding in of_all if owners else ():
            _report(platform, binding, server, sorted(owners), report)


def _report(
    platform: Platform, binding: Binding, server: str, owners: list[str], report: Report
) -> None:
    path = binding.consumer.source
    report.add(
        "shared-keys",
        f"`{binding.consumer.name}` reads and writes all keys of `{server}`, also those of "
        f"{listing(owners)}",
        platform.document.span_of(path),
        path=path,
        help="give it a separate server, or silence this with the reason",
    )
