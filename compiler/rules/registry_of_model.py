"""A model of a registry whose MLflow does not exist, or is one of several without a `bind`."""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.diagnostics.words import listing, suggestion
from compiler.interfaces import model_registry
from compiler.model import Graph, Platform
from compiler.validate.locked_models import TRACKING


def check(platform: Platform, graph: Graph, report: Report) -> None:
    servers = model_registry.servers(graph.offers)
    for instance in platform.registered.values():
        bound = instance.spec.bind.get(TRACKING)
        if bound is None and len(servers) > 1:
            report.add(
                "ambiguous-binding",
                f"several registries could have `{instance.name}`",
                platform.document.span_of(instance.path),
                path=instance.path,
                help=f"add `bind: {{{TRACKING}: ...}}` with one of {listing(servers)}",
            )
        elif bound is not None and bound not in servers:
            path = (*instance.path, "bind", TRACKING)
            report.add(
                "unknown-binding",
                f"`{bound}` has no registry of models",
                platform.document.value_span(path),
                path=path,
                help=suggestion(bound, servers)
                or f"the registries are {listing(servers) or 'none'}",
            )
