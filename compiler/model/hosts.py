"""Hosts under the platform's domain: one for each model and for whatever people open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from compiler.model.binding import Offer, Provides
from compiler.model.graph import Graph
from compiler.model.instance import Instance


class Opened(Struct, frozen=True):
    """An offer that people reach from outside the cluster, and the name of its route."""

    name: str
    instance: Instance[Any]
    offer: Offer

    @property
    def host(self) -> str:
        return f"{self.name}.{self.instance.settings.domain}"


def opened(graph: Graph) -> Mapping[str, Sequence[Opened]]:
    """What people open, by instance. A model's own system opens it, so models are not among it."""
    outside = {
        (binding.provider.name, binding.provides.slot)
        for binding in graph.bindings
        if binding.claim.outside and not binding.offer.external
    }
    found: dict[str, list[Opened]] = defaultdict(list)
    for name, slots in graph.offers.items():
        for provides, offer in slots.items():
            if offer.ui or (name, provides.slot) in outside:
                me = graph.instances[name]
                found[name].append(Opened(_name(me, provides, slots), me, offer))
    return found


def _name(me: Instance[Any], provides: Provides[Any], slots: Mapping[Provides[Any], Offer]) -> str:
    """An instance's first server has the instance's own host; the others say which they are."""
    first = next(slot for slot, one in slots.items() if one.port)
    return me.name if provides == first else f"{me.name}-{provides.slot}"


def owners(graph: Graph) -> Mapping[str, Sequence[Instance[Any]]]:
    """Whose each host is; one that is not the only owner gets requests that are not its own."""
    found: dict[str, list[Instance[Any]]] = defaultdict(list)
    for one in graph.instances.values():
        if one.section == "models":
            found[one.route].append(one)
    for of in opened(graph).values():
        for each in of:
            found[each.host].append(each.instance)
    return found
