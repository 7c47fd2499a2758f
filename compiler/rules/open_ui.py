"""A page without a login on the gateway: everybody who reaches the gateway may use it."""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.interfaces import gateway
from compiler.model import Graph, Platform, hosts


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for name, pages in hosts.opened(graph).items():
        instance = graph.instances[name]
        routed = gateway.ROUTE.slot in graph.by_consumer.get(name, {})
        for page in pages if routed else ():
            if not page.offer.own_login:
                report.add(
                    "open-ui",
                    f"`{name}` asks for no login, and the gateway lets everybody reach it at "
                    f"`{page.host}`",
                    platform.document.span_of(instance.path),
                    path=instance.path,
                    help="let only a network of trusted people reach the gateway, or put a proxy "
                    "that asks for a login before it",
                )
