"""Settings of a gateway in a platform without one: they would change nothing."""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.diagnostics.words import listing
from compiler.interfaces import gateway
from compiler.model import Graph, Path, Platform
from compiler.registry import providers


def check(platform: Platform, graph: Graph, report: Report) -> None:
    if gateway.offers(graph.offers):
        return
    settings = {
        "tls": platform.settings.tls,
        "login": platform.settings.login,
        "machines": platform.settings.machines,
    }
    for key, value in settings.items():
        path: Path = ("spec", key)
        if value is not None:
            report.add(
                "no-gateway",
                f"`{key}` is for hosts of a gateway, and the platform has none",
                platform.document.span_of(path),
                path=path,
                help=f"add one of {listing(providers(gateway.ROUTE.endpoint.interface))} under "
                f"`spec.components`, or delete `{key}`",
            )
