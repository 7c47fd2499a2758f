"""A model that no request can reach: no gateway routes to it, and nothing of the platform uses it."""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.diagnostics.words import listing
from compiler.interfaces import serving
from compiler.interfaces.inference import INFERENCE
from compiler.model import Graph, Platform
from compiler.registry import providers


def check(platform: Platform, graph: Graph, report: Report) -> None:
    called = {binding.provider.name for binding in graph.bindings if binding.provides == INFERENCE}
    for name, instance in platform.instances.items():
        bound = graph.by_consumer.get(name, {})
        if instance.section != "models" or name in called:
            continue
        inside, has_gateway = not instance.spec.has_route, serving.GATEWAY.slot in bound
        if has_gateway and not inside:
            continue
        if serving.SERVING.slot not in bound:
            continue  # another diagnostic says so
        report.add(
            "unreachable-model",
            f"nothing can send `{name}` a request: it has no route, and nothing uses it",
            platform.document.span_of(instance.path),
            path=instance.path,
            help=f"write `uses: [{name}]` in the workload or model that calls it, or {_open(inside, has_gateway)}",
        )


def _open(inside: bool, has_gateway: bool) -> str:
    """The ways to give a model a route: `access` permits it, and a gateway has it."""
    if has_gateway:
        return "delete `access: inside`"
    gateways = listing(providers(serving.GATEWAY.endpoint.interface))
    gateway = f"add one of {gateways} under `spec.components`"
    return f"{gateway} and delete `access: inside`" if inside else gateway
