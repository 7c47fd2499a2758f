"""Hosts under the platform's domain: a VirtualService from the gateway to whatever people open.

A host for each, never a path: a wildcard host and a special one on the same gateway do not merge,
and few UIs bear a path before theirs. Without a gateway nothing is emitted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec.structs import replace

from compiler.derive.packages import each_package
from compiler.diagnostics import Report
from compiler.interfaces import gateway
from compiler.model import hosts
from compiler.model.binding import Offer
from compiler.model.instance import Instance
from compiler.model.package import Lowered, Package
from compiler.model.resource import Ingress, Made, Pods, Resource
from compiler.registry import upstreams


def derive(lowered: Lowered, report: Report) -> Lowered:
    gateways = {
        binding.consumer.name: gateway.Endpoint(binding=binding)
        for binding in lowered.graph.bindings
        if binding.requires == gateway.ROUTE and binding.consumer.section == "components"
    }
    opened = hosts.opened(lowered.graph)

    def one(package: Package) -> Package:
        entrance, me = gateways.get(package.name), package.instance
        if entrance is None or me is None:
            return package
        pages = opened.get(me.name, ())
        routes = (_route(one, entrance) for one in pages)
        calls = _calls(me, [one.offer for one in pages], entrance)
        return replace(
            package,
            resources=(*package.resources, *routes),
            ingress=(*package.ingress, *calls),
        )

    return each_package(lowered, one) if gateways else lowered


def _route(one: hosts.Opened, entrance: gateway.Endpoint) -> Resource:
    me, offer = one.instance, one.offer
    to = {me.host(offer.service): 100}
    return entrance.route(one.name, me.namespace, one.host, to, offer.port)


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
