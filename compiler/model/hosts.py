"""Hosts under the platform's domain: one for each model, and for each UI or API that people open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from compiler.model.binding import Offer, Provides
from compiler.model.graph import Graph
from compiler.model.instance import Instance


class Opened(Struct, frozen=True):
    """An offer that is reached from outside the cluster, and the name of its route."""

    name: str
    instance: Instance[Any]
    offer: Offer

    @property
    def host(self) -> str:
        return f"{self.name}.{self.instance.settings.domain}"


def opened(graph: Graph) -> Mapping[str, Sequence[Opened]]:
    """The offers that people open, by instance. Models are opened by their serving system, not here."""
    outside = {
        (binding.provider.name, binding.provides.slot)
        for binding in graph.bindings
        if binding.claim.outside and not binding.offer.external
    }
    by_instance: dict[str, list[Opened]] = defaultdict(list)
    for name, slots in graph.offers.items():
        for provides, offer in slots.items():
            if offer.ui or (name, provides.slot) in outside:
                me = graph.instances[name]
                by_instance[name].append(Opened(_name(me, provides, slots), me, offer))
    return by_instance


def _name(me: Instance[Any], provides: Provides[Any], slots: Mapping[Provides[Any], Offer]) -> str:
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
