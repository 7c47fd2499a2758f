"""A gateway without a certificate: passwords and tokens cross the network in plain text."""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.interfaces import gateway
from compiler.model import Graph, Platform


def check(platform: Platform, graph: Graph, report: Report) -> None:
    plain = {
        binding.provider.name: binding.provider
        for binding in graph.bindings
        if isinstance(binding.offer, gateway.Offer) and binding.offer.scheme == "http"
    }
    for name, instance in sorted(plain.items()):
        report.add(
            "plain-http",
            f"`{name}` serves every host by plain HTTP",
            platform.document.span_of(instance.path),
            path=instance.path,
            help="add `tls: {issuer: {name: ...}}` under `spec:`, with an issuer of cert-manager, or "
            "name a TLS Secret as `secret`; `platformc secrets list` says in which namespaces it must be",
        )
