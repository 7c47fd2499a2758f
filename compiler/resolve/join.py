"""Hold the offers of one environment and the bindings made so far, and choose an offer for a claim."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from compiler import registry
from compiler.diagnostics import Report
from compiler.diagnostics.words import closest
from compiler.document import Path
from compiler.model.binding import Binding, Claim, Offer, Offers, Provides, Requires
from compiler.model.instance import Instance
from compiler.model.memo import Memo
from compiler.model.package import Platform
from compiler.resolve import name_problems
from compiler.spec.backup import Backup
from compiler.spec.move import Move
from compiler.spec.root import TENANT_TYPES


class Candidate(Struct, frozen=True):
    """An offer of an instance to which a claim may be bound."""

    provider: Instance[Any]
    provides: Provides[Any]
    offer: Offer


class Join:
    """The instances of one environment with their offers, and the bindings made so far."""

    def __init__(
        self, platform: Platform, instances: Mapping[str, Instance[Any]],
        offers: Mapping[str, Offers], memo: Memo, report: Report,
    ) -> None:  # fmt: skip
        self.document, self.memo, self.report = platform.document, memo, report
        self.wrong = platform.wrong  # instances with errors in their sections, and their types
        self.removed = platform.removed  # instances of the base that the environment removes
        # The instances of the spec, and those that the compiler adds to them.
        self.instances, self.offers = instances, offers
        self.candidates: dict[str, list[Candidate]] = defaultdict(list)
        # By interface and name: the offer of an instance that `bind` names; by interface: poolers.
        self._by_name: dict[tuple[str, str], Candidate] = {}
        self._poolers: dict[str, list[Candidate]] = defaultdict(list)
        self.client_offers: dict[str, Candidate] = {}  # the offer of each provider for its users
        self.components_of_type: dict[str, list[Instance[Any]]] = defaultdict(list)
        self._add_candidates()
        self.direct: dict[tuple[str, str], Binding] = {}
        # The bindings for the models of each store.
        self.store_bindings: dict[str, tuple[Binding, ...]] = {}
        # Each consumer with `uses`, and the path of the word that brought each slot.
        self.paths_of_uses: list[tuple[str, Mapping[str, Path]]] = []
        self.unsettled = set(platform.wrong)  # instances with errors in their sections or bindings
        self.cycles: set[frozenset[str]] = set()
        # By interface and names of providers: consumers that all of these could serve, with their slots.
        self.ambiguous: dict[tuple[str, tuple[str, ...]], list[tuple[Instance[Any], str]]] = (
            defaultdict(list)
        )
        # The interfaces that the instance in `backup.to` does not offer.
        self.misnamed: set[str] = set()
        # By interface: consumers without a provider, with their slots.
        self.missing: dict[str, list[tuple[Instance[Any], str]]] = defaultdict(list)

    def _add_candidates(self) -> None:
        for instance in self.instances.values():
            if instance.section == "components":
                self.components_of_type[instance.type].append(instance)
        for name, slots in self.offers.items():
            for provides, offer in slots.items():
                candidate = Candidate(self.instances[name], provides, offer)
                interface = provides.endpoint.interface
                self.candidates[interface].append(candidate)
                self._by_name.setdefault((interface, name), candidate)
                if provides.forwards is not None:
                    self._poolers[interface].append(candidate)
                if provides.endpoint.for_clients:
                    self.client_offers.setdefault(name, candidate)

    def add(self, binding: Binding) -> None:
        """Add a binding, or the equal one of an earlier environment."""
        terms = (binding.requires, binding.provides, binding.claim, binding.relayed)
        parties = (binding.consumer, binding.provider, binding.offer, *binding.entailed)
        slot = (binding.consumer.name, binding.requires.slot)
        self.direct[slot] = self.memo.once(lambda: binding, terms, *parties)

    def bind(self, consumer: Instance[Any], requires: Requires[Any], claim: Claim) -> None:
        """Add the binding of a claim, or record why no offer answers it."""
        candidate = self.choose(consumer, requires, claim)
        if candidate is not None:
            entailed = self._entailed(consumer, candidate)
            provider, provides, offer = candidate.provider, candidate.provides, candidate.offer
            self.add(
                Binding(consumer, requires, provider, provides, claim, offer, entailed=entailed)
            )

    def _without_standby(self, candidates: list[Candidate], move: Move | None) -> list[Candidate]:
        """Leave out the side of a move that has no clients: the new one before the cut-over, then the old."""
        if move is None:
            return candidates
        active = [candidate for candidate in candidates if candidate.provider.name == move.active]
        if active and move.standby not in self.instances:  # misspelt, which is reported
            return active
        rest = [candidate for candidate in candidates if candidate.provider.name != move.standby]
        return rest if active or move.active not in self.instances else candidates

    def successor(self, used: Candidate, move: Move | None) -> Candidate:
        """The offer of the instance that has taken the place of a used instance, if one has."""
        name = (move.target(used.provider.name) if move else None) or used.provider.name
        return self._by_name.get((used.provides.endpoint.interface, name), used)

    def _entailed(self, consumer: Instance[Any], candidate: Candidate) -> tuple[Binding, ...]:
        """The provider's own bindings that a tenant needs too; none for a component, bound earlier."""
        if consumer.section == "components":
            return ()
        slots = (
            (candidate.provider.name, requires.slot)
            for requires in candidate.offer.requires_of_clients
        )
        return tuple(self.direct[slot] for slot in slots if slot in self.direct)

    def resembles_wrong(self, name: str) -> bool:
        """Whether a name is close to that of an instance with errors: they explain why it has no offer."""
        return closest(name, self.wrong) is not None

    def may_provide(self, interface: str) -> bool:
        """Whether an instance with errors would provide an interface without them."""
        types = registry.all_types()
        providers = registry.providers(interface)
        return any(
            type in providers or type not in types
            for type in self.wrong.values()
            if type not in TENANT_TYPES  # they provide nothing to others
        )

    def choose(
        self, consumer: Instance[Any], requires: Requires[Any], claim: Claim
    ) -> Candidate | None:
        """Choose the offer for a claim: the offer that `bind` names, or the only offer.

        Without such an offer, records the consumer as unsettled, and the reason.
        """
        interface = requires.endpoint.interface
        move = consumer.settings.move
        named = consumer.spec.bind.get(requires.slot) or claim.provider
        named = move.target(named) if move else named
        candidate = self._by_name.get((interface, named)) if named is not None else None
        if candidate is not None and candidate.provider.name != consumer.name:
            return candidate
        candidates = [c for c in self.candidates[interface] if c.provider.name != consumer.name]
        if named is not None:
            self.unsettled.add(consumer.name)
            name_problems.report_unknown_binding(self, consumer, requires, named, candidates)
            return None
        final = [c for c in candidates if c.provides.forwards is None and not c.provides.explicit]
        final = _without_copies(self._without_standby(final, move), consumer.settings.backup)
        if len(final) == 1 or (final and _is_duplicate(final)):
            poolers = self._poolers_of(final[0], claim)
            if len(poolers) < 2:
                return poolers[0] if poolers else final[0]
            final = poolers
        if final:
            self.unsettled.add(consumer.name)
            names = tuple(sorted(candidate.provider.name for candidate in final))
            self.ambiguous[interface, names].append((consumer, requires.slot))
        elif not claim.optional:
            self.unsettled.add(consumer.name)
            self.missing[interface].append((consumer, requires.slot))
        return None

    def pooler(self, final: Candidate, claim: Claim) -> Candidate | None:
        """The only pooler in front of a provider, for claims that work behind one."""
        poolers = self._poolers_of(final, claim)
        return poolers[0] if len(poolers) == 1 else None

    def _poolers_of(self, final: Candidate, claim: Claim) -> list[Candidate]:
        interface = final.provides.endpoint.interface
        poolers = self._poolers[interface] if claim.pooled else ()
        return [pooler for pooler in poolers if _leads_to(pooler, final)]


def _without_copies(candidates: list[Candidate], backup: Backup | None) -> list[Candidate]:
    """Leave out the store that keeps copies, if there is another store: only `bind` selects it."""
    rest = [c for c in candidates if backup is None or c.provider.name != backup.to]
    return rest or candidates


def _is_duplicate(candidates: list[Candidate]) -> bool:
    """Whether all candidates are of a type that may exist once per cluster: a rule reports that."""
    types = {candidate.provider.type for candidate in candidates}
    return len(types) == 1 and registry.component_of(candidates[0].provider).CLUSTER_SINGLETON != ""


def _leads_to(pooler: Candidate, final: Candidate) -> bool:
    assert pooler.provides.forwards is not None
    named = pooler.provider.spec.bind.get(pooler.provides.forwards.slot)
    move = pooler.provider.settings.move
    return (move.target(named) if move else named) in (None, final.provider.name)
