"""Settings of a gateway in a platform without one: they would change nothing."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diagnostics import Report
from compiler.diagnostics.words import listing
from compiler.interfaces import gateway
from compiler.model import Graph, Path, Platform
from compiler.registry import providers


def check(platform: Platform, graph: Graph, report: Report) -> None:
    if gateway.offers(graph.offers):
        return
    for path in _settings(platform):
        key = str(path[-1])
        owner = f"`{key}` of `{path[2]}`" if len(path) > 2 else f"`{key}`"
        report.add(
            "no-gateway",
            f"{owner} is for hosts of a gateway, and the platform has none",
            platform.document.span_of(path),
            path=path,
            help=f"add one of {listing(providers(gateway.ROUTE.endpoint.interface))} under "
            f"`spec.components`, or delete `{key}`",
        )


def _settings(platform: Platform) -> Iterator[Path]:
    """The settings of hosts, of all pages and of single ones; `expose: false` asks for no host."""
    for key in ("tls", "login", "machines"):
        if getattr(platform.settings, key) is not None:
            yield ("spec", key)
    for instance in platform.having("expose"):
        page = instance.spec
        for key, value in {
            "expose": page.expose,
            "publicHost": page.public_host,
            "groups": page.groups,
        }.items():
            if value:
                yield (*instance.path, key)
