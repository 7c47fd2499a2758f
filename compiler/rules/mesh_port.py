"""A model's server that listens on a port of the mesh's proxy, which is in the same pod."""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.interfaces import mesh
from compiler.model import Graph, Path, Platform


def check(platform: Platform, graph: Graph, report: Report) -> None:
    models = [
        instance
        for instance in graph.instances.values()
        if instance.section == "models" and instance.spec.port is not None
    ]
    taken = _taken(graph) if models else ()
    for model in models:
        if model.spec.port in taken:
            path: Path = (*model.path, "port")
            report.add(
                "out-of-range",
                f"`{model.name}` listens on {model.spec.port}, which is a port of the mesh's proxy in its pod",
                platform.document.value_span(path),
                path=path,
                help="let your server listen on another port, such as 8080, and write that",
            )


def _taken(graph: Graph) -> tuple[int, ...]:
    """The ports of the platform's mesh."""
    for slots in graph.offers.values():
        for offer in slots.values():
            if isinstance(offer, mesh.Offer):
                return offer.ports
    return ()
