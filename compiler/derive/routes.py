"""Route a host under the platform's domain to each UI or API for people, or to the login before it.

Each page gets a host, never a path: a wildcard host and a specific host on the same gateway do not
merge, and few UIs work under a path prefix. Without a gateway no route is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from compiler.derive.packages import each_package
from compiler.diagnostics import Report
from compiler.interfaces import gateway, oidc
from compiler.model import hosts
from compiler.model.binding import Offer
from compiler.model.graph import Graph
from compiler.model.instance import Instance
from compiler.model.package import Lowered, Package
from compiler.model.resource import Ingress, OperatorPods, Pods
from compiler.registry import in_upstream_namespace


def derive(lowered: Lowered, report: Report) -> Lowered:
    gateways = {
        binding.consumer.name: lowered.graph.wiring(binding.consumer.name)[gateway.ROUTE]
        for binding in lowered.graph.bindings
        if binding.requires == gateway.ROUTE and binding.consumer.section == "components"
    }
    opened = {
        name: [page for page in pages if page.exposed]
        for name, pages in hosts.opened(lowered.graph).items()
    }
    guards = dict(_guards(lowered.graph))

    def add_routes(package: Package) -> Package:
        if package.instance is None:
            return package
        if package.name in guards:
            call = guards[package.name].calls(oidc.ROLE, oidc.PORT)
            return replace(package, ingress=(*package.ingress, call))
        if package.name not in gateways:
            return package
        pages = opened.get(package.name, ())
        return _with_routes(package, package.instance, pages, gateways[package.name], lowered.graph)

    return each_package(lowered, add_routes) if gateways or guards else lowered


def _with_routes(
    package: Package, me: Instance[Any], pages: Sequence[hosts.Opened], entrance: gateway.Endpoint,
    graph: Graph,
) -> Package:  # fmt: skip
    """Add the routes to the pages of a component, and admit the gateway's requests to them."""
    step = _after_jobs(package)
    routes = [resource for page in pages for resource in entrance.route(_route(page, graph, step))]
    calls = _calls(me, [page.offer for page in pages if page.guard is None], entrance)
    return replace(
        package, resources=(*package.resources, *routes), ingress=(*package.ingress, *calls)
    )


def _guards(graph: Graph) -> Iterator[tuple[str, gateway.Endpoint]]:
    """The name of each guard, which asks for an identity before a host, with the gateway of the host."""
    for binding in graph.bindings:
        wiring = graph.wiring(binding.provider.name) if binding.claim.guards else None
        if wiring is not None and (entrance := wiring.get(gateway.ROUTE)) is not None:
            yield binding.consumer.name, entrance


def _after_jobs(package: Package) -> int:
    """The step after the Jobs of a package: until the set-up has run, anybody may take over a server."""
    jobs = [resource.step for resource in package.resources if resource.kind == "Job"]
    return max(jobs) + 1 if jobs else 0


def _route(page: hosts.Opened, graph: Graph, step: int) -> gateway.Route:
    me, offer = page.instance, page.offer
    backend = gateway.Backend(offer.service or me.service, me.namespace, offer.port)
    if page.guard is not None:
        backend = gateway.Backend(page.guard.name, page.guard.namespace, oidc.PORT)
    claimed = {
        resource
        for claims in graph.wiring(me.name).claimed.values()
        for binding in claims
        if binding.offer == offer
        for resource in binding.claim.resources
    }
    return gateway.Route(
        name=page.name, namespace=me.namespace, host=page.host, backends=(backend,),
        private=offer.private, resources=None if offer.ui else tuple(sorted(claimed)), step=step,
    )  # fmt: skip


def _calls(
    me: Instance[Any], offers: Iterable[Offer], entrance: gateway.Endpoint
) -> Iterator[Ingress]:
    """The traffic from the gateway's pods; none in an operator's namespace, where nothing is denied."""
    ports: dict[str, list[int]] = defaultdict(list)
    pods: dict[str, Pods] = {}
    for offer in offers if not in_upstream_namespace(me) else ():
        pods[offer.role] = OperatorPods(offer.role, offer.pods) if offer.pods else offer.role
        ports[offer.role].append(offer.target or offer.port)
    for role, open in ports.items():
        yield entrance.calls(pods[role], *open)
