"""Hosts under the platform's domain: a VirtualService from the gateway to whatever people open.

A host for each, never a path: a wildcard host and a special one on the same gateway do not merge,
and few UIs bear a path before theirs. Without a gateway nothing is emitted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec.structs import replace

from compiler.derive.network_policies import upstreams
from compiler.derive.packages import each_package
from compiler.diagnostics import Report
from compiler.interfaces import gateway
from compiler.model.binding import Binding, Offer, Provides
from compiler.model.instance import Instance
from compiler.model.package import Lowered, Package
from compiler.model.resource import Ingress, Made, Pods, Resource


def derive(lowered: Lowered, report: Report) -> Lowered:
    gateways = {
        binding.consumer.name: gateway.Endpoint(binding=binding)
        for binding in lowered.graph.bindings
        if binding.requires == gateway.ROUTE and binding.consumer.section == "components"
    }
    opened = _opened(lowered.graph.bindings)

    def one(package: Package) -> Package:
        entrance, me = gateways.get(package.name), package.instance
        if entrance is None or me is None:
            return package
        offers = [
            (provides, offer)
            for provides, offer in lowered.graph.offers[me.name].items()
            if offer.ui or provides.slot in opened[me.name]
        ]
        routes = (_route(me, provides, offer, entrance, lowered) for provides, offer in offers)
        calls = _calls(me, [offer for _, offer in offers], entrance)
        return replace(
            package,
            resources=(*package.resources, *routes),
            ingress=(*package.ingress, *calls),
        )

    return each_package(lowered, one) if gateways else lowered


def _opened(bindings: Iterable[Binding]) -> dict[str, set[str]]:
    """Offers that some client reaches from outside the cluster as well."""
    found: dict[str, set[str]] = defaultdict(set)
    for binding in bindings:
        if binding.claim.outside and not binding.offer.external:
            found[binding.provider.name].add(binding.provides.slot)
    return found


def _route(
    me: Instance[Any], provides: Provides[Any], offer: Offer, entrance: gateway.Endpoint,
    lowered: Lowered,
) -> Resource:  # fmt: skip
    """An instance's first server has the instance's own host; the others say which they are."""
    offers = lowered.graph.offers[me.name]
    first = next(slot for slot, one in offers.items() if one.port)
    name = me.name if provides == first else f"{me.name}-{provides.slot}"
    host = f"{name}.{me.settings.domain}"
    return entrance.route(name, me.namespace, host, {me.host(offer.service): 100}, offer.port)


def _calls(
    me: Instance[Any], offers: Iterable[Offer], entrance: gateway.Endpoint
) -> Iterator[Ingress]:
    """What the gateway's pods may reach. In an operator's namespace nothing is denied."""
    ports: dict[str, list[int]] = defaultdict(list)
    pods: dict[str, Pods] = {}
    for offer in offers if not upstreams(me) else ():
        pods[offer.role] = Made(offer.role, offer.pods) if offer.pods else offer.role
        ports[offer.role].append(offer.target or offer.port)
    for role, open in ports.items():
        yield entrance.calls(pods[role], *open)
