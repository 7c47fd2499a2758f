"""Admit the gateway's pods to those that prove a host to the signer of its certificate.

An operator starts these pods for the objects of some kinds (`solvers`). In an operator's namespace
nothing is denied, so it gets no policy.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from compiler.derive.network_policies import upstream_namespaces
from compiler.diagnostics import Report
from compiler.interfaces import gateway
from compiler.lower import package_of
from compiler.model.custom_resource import Solvers
from compiler.model.package import Lowered, Package
from compiler.model.resource import Ingress, OperatorPods

ROLE = "solver"


def derive(lowered: Lowered, report: Report) -> Lowered:
    solvers = _solvers(lowered)
    if not solvers:
        return lowered
    packages = dict(lowered.packages)
    for name, entrance in _entrances(lowered).items():
        calls = [_call(entrance, space, pods) for space, pods in solvers.items()]
        package = packages.get(name) or package_of(lowered.graph.instances[name], ())
        packages[name] = replace(package, ingress=(*package.ingress, *calls))
    return replace(lowered, packages=dict(sorted(packages.items())))


def _call(entrance: gateway.Endpoint, space: str, pods: Solvers) -> Ingress:
    return entrance.calls(OperatorPods(ROLE, pods.labels, space), pods.port)


def _solvers(lowered: Lowered) -> Mapping[str, Solvers]:
    """The pods by the platform's namespaces that may have them."""
    pairs = {pair for package in lowered.packages.values() for pair in _beside(package)}
    pairs.update(pair for _, of_model in lowered.models.each(_beside) for pair in of_model)
    solvers = dict(pairs)
    foreign = upstream_namespaces(lowered)
    return {space: solvers[space] for space in sorted(solvers.keys() - foreign)}


def _beside(package: Package) -> tuple[tuple[str, Solvers], ...]:
    """The pods for the objects of a package, with their namespaces."""
    return tuple(
        (resource.namespace, resource.custom.solvers)
        for resource in package.resources
        if resource.custom and resource.custom.solvers
    )


def _entrances(lowered: Lowered) -> Mapping[str, gateway.Endpoint]:
    """The gateways that lead to hosts, by their names."""
    consumers = {
        binding.provider.name: binding.consumer.name
        for binding in lowered.graph.bindings
        if binding.requires == gateway.ROUTE
    }
    return {
        name: lowered.graph.wiring(consumer)[gateway.ROUTE]
        for name, consumer in sorted(consumers.items())
    }
