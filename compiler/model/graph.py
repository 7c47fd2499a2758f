"""Hold the bindings of an environment, and give each instance its view of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar, cast

from msgspec import Struct, field

from compiler.model.binding import Binding, Claim, Endpoint, Offer, Offers, Provides, Requires
from compiler.model.instance import Instance

E = TypeVar("E", bound=Endpoint)
ClaimT = TypeVar("ClaimT", bound=Claim)
OfferT = TypeVar("OfferT", bound=Offer)


def successors_first(
    names: Iterable[str], successors: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """Names and all their successors, each after its own successors; a circle is cut where it closes.

    It keeps a stack, because a chain of models may be longer than Python's own stack is deep.
    """
    visited, ended = set[str](), set[str]()
    for start in names:
        stack = [start]
        while stack:
            name = stack[-1]
            ahead = () if name in visited else successors.get(name, ())
            visited.add(name)
            new = [successor for successor in reversed(ahead) if successor not in visited]
            stack += new
            if not new:
                stack.pop()
                if name not in ended:
                    ended.add(name)
                    yield name


class Wiring(Struct, frozen=True):
    """One instance's view of the graph, by the names of its slots."""

    bindings: Mapping[str, Binding]  # the bindings of its requirements
    claimed: Mapping[str, tuple[Binding, ...]]  # the bindings of other instances to its offers
    sharing: Mapping[str, tuple[Binding, ...]]  # all bindings to the offers that it is bound to
    offers: Offers = field(default_factory=dict)  # its offers, without withdrawn ones

    def __getitem__(self, requires: Requires[E]) -> E:
        return cast(E, self.bindings[requires.slot].endpoint())

    def get(self, requires: Requires[E]) -> E | None:
        return self[requires] if requires.slot in self.bindings else None

    def claims(
        self, provides: Provides[Endpoint[ClaimT, OfferT]]
    ) -> tuple[Binding[ClaimT, OfferT], ...]:
        """Claims on one of the instance's offers, including forwarded ones, in a fixed order."""
        return cast("tuple[Binding[ClaimT, OfferT], ...]", self.claimed.get(provides.slot, ()))

    def claims_on_provider(
        self, requires: Requires[Endpoint[ClaimT, OfferT]]
    ) -> tuple[Binding[ClaimT, OfferT], ...]:
        """All claims on the offer to which the instance's own requirement is bound."""
        return cast("tuple[Binding[ClaimT, OfferT], ...]", self.sharing.get(requires.slot, ()))

    @property
    def named(self) -> tuple[tuple[str, Endpoint], ...]:
        """The endpoints of the instance's bindings, with the names of their slots."""
        return tuple((slot, self.bindings[slot].endpoint()) for slot in sorted(self.bindings))

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        return tuple(endpoint for _, endpoint in self.named)


class Graph(Struct, frozen=True, dict=True):
    """All instances and bindings of one environment."""

    instances: Mapping[str, Instance[Any]]
    bindings: tuple[Binding, ...]
    offers: Mapping[str, Offers]
    unsettled: frozenset[str] = frozenset()  # instances with errors in their sections or bindings
    # During a move: bindings to the side without clients, which already gets the clients' logins.
    mirrored: tuple[Binding, ...] = ()

    def wiring(self, name: str) -> Wiring:
        """One instance's view of the graph."""
        bindings, claims = self.by_consumer.get(name, {}), self._by_provider
        sharing = {
            slot: claims[binding.provider.name][binding.provides.slot]
            for slot, binding in bindings.items()
        }
        return Wiring(bindings, claims.get(name, {}), sharing, self.offers.get(name, {}))

    @cached_property
    def settled(self) -> Graph:
        """The part without unsettled instances and without all instances that depend on them."""
        if not self.unsettled:
            return self
        dropped = self._dependents(set(self.unsettled))
        return Graph(
            {name: value for name, value in self.instances.items() if name not in dropped},
            tuple(binding for binding in self.bindings if binding.consumer.name not in dropped),
            {name: value for name, value in self.offers.items() if name not in dropped},
            mirrored=tuple(
                b for b in self.mirrored if not {b.consumer.name, b.provider.name} & dropped
            ),
        )

    def _dependents(self, names: set[str]) -> set[str]:
        """Some instances and their consumers, direct and indirect."""
        consumers: dict[str, set[str]] = {}
        for binding in self.bindings:
            consumers.setdefault(binding.provider.name, set()).add(binding.consumer.name)
        queue, dependents = list(names), set(names)
        while queue:
            further = consumers.get(queue.pop(), set()) - dependents
            dependents |= further
            queue += further
        return dependents

    @cached_property
    def providers_first(self) -> tuple[str, ...]:
        """The names of all instances, providers before their consumers, otherwise sorted by name."""
        providers = {
            name: sorted({binding.provider.name for binding in bindings.values()})
            for name, bindings in self.by_consumer.items()
        }
        return tuple(successors_first(sorted(self.instances), providers))

    @cached_property
    def by_consumer(self) -> Mapping[str, Mapping[str, Binding]]:
        """The bindings of each instance's requirements, by slot."""
        bindings: dict[str, dict[str, Binding]] = {}
        for binding in self.bindings:
            if binding.via is None:
                bindings.setdefault(binding.consumer.name, {})[binding.requires.slot] = binding
        return bindings

    @cached_property
    def _by_provider(self) -> Mapping[str, Mapping[str, tuple[Binding, ...]]]:
        """The claims on each instance's offers, by slot."""
        claims: dict[str, dict[str, list[Binding]]] = {}
        for binding in (*self.bindings, *self.mirrored):
            slots = claims.setdefault(binding.provider.name, {})
            slots.setdefault(binding.provides.slot, []).append(binding)
        return {
            name: {slot: tuple(bindings) for slot, bindings in slots.items()}
            for name, slots in claims.items()
        }
