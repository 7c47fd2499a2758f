"""The bindings of an environment, and what each instance sees of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, TypeVar, cast

from msgspec import Struct

from compiler.model.binding import Binding, Endpoint, Offers, Provides, Requires
from compiler.model.instance import Instance

E = TypeVar("E", bound=Endpoint)


class Wiring(Struct, frozen=True):
    """What one instance sees of the graph: what it got, and the claims made on it."""

    got: Mapping[str, Binding]
    made: Mapping[str, tuple[Binding, ...]]
    around: Mapping[str, tuple[Binding, ...]]

    def __getitem__(self, requires: Requires[E]) -> E:
        return cast(E, self.got[requires.slot].endpoint())

    def get(self, requires: Requires[E]) -> E | None:
        return self[requires] if requires.slot in self.got else None

    def claims(self, provides: Provides[Any]) -> tuple[Binding, ...]:
        """Claims on one of the instance's offers, forwarded ones included, in a fixed order."""
        return self.made.get(provides.slot, ())

    def beside(self, requires: Requires[Any]) -> tuple[Binding, ...]:
        """All claims on the offer that the instance's own requirement is bound to."""
        return self.around.get(requires.slot, ())

    @property
    def named(self) -> tuple[tuple[str, Endpoint], ...]:
        """What the instance got, by the names of its slots."""
        return tuple((slot, self.got[slot].endpoint()) for slot in sorted(self.got))

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        return tuple(endpoint for _, endpoint in self.named)


class Graph(Struct, frozen=True, dict=True):
    """All instances and bindings of one environment."""

    instances: Mapping[str, Instance[Any]]
    bindings: tuple[Binding, ...]
    offers: Mapping[str, Offers]

    def wiring(self, name: str) -> Wiring:
        """One instance's view of the graph."""
        got, made = self.got.get(name, {}), self._made
        around = {slot: made[b.provider.name][b.provides.slot] for slot, b in got.items()}
        return Wiring(got, made.get(name, {}), around)

    @cached_property
    def got(self) -> Mapping[str, Mapping[str, Binding]]:
        """What each instance is bound to, by its slots."""
        found: dict[str, dict[str, Binding]] = {}
        for binding in self.bindings:
            if binding.via is None:
                found.setdefault(binding.consumer.name, {})[binding.requires.slot] = binding
        return found

    @cached_property
    def _made(self) -> Mapping[str, Mapping[str, tuple[Binding, ...]]]:
        """The claims on each instance, by its slots."""
        found: dict[str, dict[str, list[Binding]]] = {}
        for binding in self.bindings:
            slots = found.setdefault(binding.provider.name, {})
            slots.setdefault(binding.provides.slot, []).append(binding)
        return {
            name: {slot: tuple(all) for slot, all in slots.items()} for name, slots in found.items()
        }
