"""A page without a login: everybody who reaches the gateway may use it, if it has a host."""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.interfaces import gateway
from compiler.model import Graph, Platform, hosts
from compiler.model.hosts import Opened


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for pages in hosts.opened(graph).values() if gateway.offers(graph.offers) else ():
        for page in pages:
            # A page whose login has the name of another instance is reported there.
            expects_login = platform.settings.login is not None and not page.offer.programs
            guarded = page.guard is not None or (page.exposed and expects_login)
            if page.offer.ui and not page.offer.own_login and not guarded:
                _report(page, platform, report)


def _report(page: Opened, platform: Platform, report: Report) -> None:
    path = page.instance.path
    if page.exposed:
        report.add(
            "open-ui",
            f"`{page.instance.name}` asks for no login, and the gateway lets everybody reach it at "
            f"`{page.host}`",
            platform.document.span_of((*path, "expose")),
            path=(*path, "expose"),
            help="add `login:` under `spec:`, or delete `expose: true`",
        )
    elif getattr(page.instance.spec, "expose", None) is None:
        report.add(
            "unexposed-ui",
            f"`{page.instance.name}` has no host at the gateway: it asks for no login",
            platform.document.span_of(path),
            path=path,
            help="add `login:` under `spec:`, or write `expose: false` to leave it inside",
        )
