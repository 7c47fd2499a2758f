"""What the environments of one compile have in common, resolved once.

Instances that no environment overrides are one object in all of them. So their offers are, and so
is a binding between two of them: whoever comes later finds out by identity that nothing about it
can differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from compiler.model.binding import Binding, Offers
from compiler.model.instance import Instance
from compiler.registry import module
from compiler.tenants import model_store


class Shared:
    """Holds on to what it has seen: an id is an object's own only while it lives."""

    def __init__(self) -> None:
        self._offers: dict[int, tuple[Instance[Any], Offers]] = {}
        self._stores: dict[str, list[Instance[Any]]] = {}
        self._bindings: dict[tuple[str, str], list[Binding]] = {}
        self._models: dict[tuple[int, ...], tuple[Binding, ...]] = {}

    def offers(self, instance: Instance[Any]) -> Offers:
        known = self._offers.get(id(instance))
        if known is None:
            known = self._offers[id(instance)] = (instance, module(instance).offers(instance))
        return known[1]

    def store(self, name: str, group: Sequence[Instance[Any]]) -> Instance[Any]:
        """The store of a group of models; the same one for groups that ask the same of it."""
        wanted = model_store.store(name, group)
        for known in self._stores.setdefault(name, []):
            if known == wanted:
                return known
        self._stores[name].append(wanted)
        return wanted

    def binding(self, wanted: Binding) -> Binding:
        """A binding, or the one of an earlier environment that is no different."""
        known = self._bindings.setdefault((wanted.consumer.name, wanted.requires.slot), [])
        for one in known:
            if _same(one, wanted):
                return one
        known.append(wanted)
        return wanted

    def of_model(self, key: tuple[int, ...]) -> tuple[Binding, ...] | None:
        return self._models.get(key)

    def keep(self, key: tuple[int, ...], bindings: tuple[Binding, ...]) -> tuple[Binding, ...]:
        self._models[key] = bindings
        return bindings


def _same(one: Binding, other: Binding) -> bool:
    return (
        one.consumer is other.consumer
        and one.provider is other.provider
        and one.offer is other.offer
        and one.requires == other.requires
        and one.provides == other.provides
        and one.relayed == other.relayed
        and one.claim == other.claim
        and len(one.entailed) == len(other.entailed)
        and all(a is b for a, b in zip(one.entailed, other.entailed, strict=True))
    )
