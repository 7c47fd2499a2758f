"""Name the hosts at the gateway: one for each model, and for each UI or API that people open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from compiler.model.binding import Offer, Offers, Provides
from compiler.model.graph import Graph
from compiler.model.instance import Instance


class Opened(Struct, frozen=True):
    """An offer that people or their programs open, and the name of its route."""

    name: str
    instance: Instance[Any]
    offer: Offer
    exposed: bool  # whether it has a host at the gateway; if not, `kubectl port-forward` opens it
    guard: Instance[Any] | None  # the login that requests from outside the cluster pass first

    @property
    def host(self) -> str:
        return host(self.name, self.instance, self.offer)


def host(name: str, instance: Instance[Any], offer: Offer) -> str:
    """The host of an offer: a page's own, or the route's name below the platform's domain."""
    named = instance.public_host if offer.ui else None
    return named or f"{name}.{instance.settings.domain}"


def exposed(instance: Instance[Any], offer: Offer) -> bool:
    """Whether a page has a host: as the spec says, or by default if people must log in."""
    decision: bool | None = getattr(instance.spec, "expose", None)
    if decision is not None:
        return decision
    return offer.own_login or instance.settings.login is not None


def opened(graph: Graph) -> Mapping[str, Sequence[Opened]]:
    """The offers that people open, by instance. Models are opened by their serving system, not here."""
    outside = {
        (binding.provider.name, binding.provides.slot)
        for binding in graph.bindings
        if binding.claim.outside and not binding.offer.external
    }
    guards = {
        (binding.provider.name, binding.provides.slot): binding.consumer
        for binding in graph.bindings
        if binding.claim.guards
    }
    by_instance: dict[str, list[Opened]] = defaultdict(list)
    for name, slots in graph.offers.items():
        for provides, offer in slots.items():
            key = (name, provides.slot)
            if offer.ui or key in outside:
                me = graph.instances[name]
                routed = key in outside or exposed(me, offer)
                page = page_name(me, provides, slots)
                by_instance[name].append(Opened(page, me, offer, routed, guards.get(key)))
    return by_instance


def page_name(me: Instance[Any], provides: Provides[Any], slots: Offers) -> str:
    """The host of an instance's first server is its name; further servers append their slot."""
    first_slot = next(slot for slot, offer in slots.items() if offer.port)
    return me.name if provides == first_slot else f"{me.name}-{provides.slot}"


def owners(graph: Graph) -> Mapping[str, Sequence[Instance[Any]]]:
    """The instances of each host; if there are several, requests go to the wrong one."""
    by_host: dict[str, list[Instance[Any]]] = defaultdict(list)
    for instance in graph.instances.values():
        if instance.section == "models":
            by_host[instance.route].append(instance)
    for pages in opened(graph).values():
        for page in pages:
            by_host[page.host].append(page.instance)
    return by_host
