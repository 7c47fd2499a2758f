"""A host in the configuration of laptops that no gateway routes: they could not reach the provider."""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.diagnostics.words import listing
from compiler.interfaces import gateway
from compiler.model import Graph, Platform
from compiler.registry import providers

NEEDS_EVERY_INSTANCE = True  # the gateway may be one with errors


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for binding in graph.bindings:
        provider, consumer = binding.provider, binding.consumer
        routed = gateway.ROUTE.slot in graph.by_consumer.get(provider.name, {})
        if not binding.claim.outside or binding.offer.external or binding.via or routed:
            continue
        report.add(
            "dangling-host",
            f"`{consumer.name}` sends laptops to `{provider.name}`, and nothing routes "
            f"`{provider.route}` to it",
            platform.document.span_of(consumer.path),
            path=consumer.path,
            help="write `externalEndpoint: ` and the URL at which laptops reach it, or add one of "
            f"{listing(providers(gateway.ROUTE.endpoint.interface))}",
        )
