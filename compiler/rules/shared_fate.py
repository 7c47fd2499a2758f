"""Copies that share the fate of their originals: both are in the same cluster."""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.diagnostics.words import listing
from compiler.interfaces import s3
from compiler.model import Graph, Path, Platform
from compiler.registry import providers


def check(platform: Platform, graph: Graph, report: Report) -> None:
    backup = platform.settings.backup
    copied: dict[str, list[str]] = {}
    for binding in graph.bindings:
        if binding.requires.slot == s3.COPIES and not binding.offer.external:
            copied.setdefault(binding.provider.name, []).append(binding.consumer.name)
    if backup is not None and _inside(backup.to, graph):
        copied.setdefault(backup.to, [])
    for store, names in sorted(copied.items()):
        by_platform = backup is not None and backup.to == store
        path: Path = ("spec", "backup", "to") if by_platform else graph.instances[names[0]].path
        sources = "their originals" if by_platform else listing(sorted(names))
        interface = next(iter(graph.offers[store])).endpoint.interface
        outside = next(type for type in providers(interface) if type.startswith("external-"))
        report.add(
            "shared-fate",
            f"`{store}` keeps the copies in the cluster of {sources}",
            platform.document.value_span(path) if by_platform else platform.document.span_of(path),
            path=path,
            help=f"name an `{outside}` elsewhere: the loss of this cluster would take both",
        )


def _inside(store: str, graph: Graph) -> bool:
    offers = graph.offers.get(store, {})
    return bool(offers) and not any(offer.external for offer in offers.values())
