"""A gateway without a feature that a host needs: its objects can't express the route."""

from __future__ import annotations

from compiler.diagnostics import Related, Report
from compiler.interfaces import gateway
from compiler.model import Graph, Path, Platform


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for binding in graph.bindings:
        if not isinstance(binding.claim, gateway.Claim):
            continue
        assert isinstance(binding.offer, gateway.Offer)
        provider, consumer = binding.provider, binding.consumer
        for feature in sorted(binding.claim.needs - binding.offer.carries):
            canary: Path = (*consumer.path, "canary")
            path: Path = canary if feature == "split" else consumer.path
            report.add(
                "unfit-edge",
                f"`{consumer.name}` needs {gateway.FEATURES[feature]}, which `{provider.name}` "
                f"(`{provider.type}`) does not carry",
                platform.document.span_of(path),
                path=path,
                help=gateway.REMEDIES[feature],
                related=[Related("the gateway", platform.document.span_of(provider.path))],
            )
