"""Bind the `uses` of a tenant to the named instances, and to the instances that their clients need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from compiler.document import Path
from compiler.model.binding import Binding, Requires
from compiler.model.graph import Graph
from compiler.model.instance import Instance
from compiler.model.resource import Env
from compiler.resolve import conflicts, models, name_problems
from compiler.resolve.join import Candidate, Join


class Uses(Struct, frozen=True):
    """The `uses` of some pods of a tenant, with the path of the list in the spec."""

    path: Path
    words: tuple[str, ...]
    role: str = ""  # the role of the pods, if they are not the tenant's main pods

    def requires(self, endpoint: Any, name: str) -> Requires[Any]:
        """The slot of an instance that is used."""
        slot = endpoint.interface if endpoint.one_per_pod else name
        return self.named(slot, endpoint)

    def named(self, slot: str, endpoint: Any) -> Requires[Any]:
        return Requires(f"{self.role}-{slot}" if self.role else slot, endpoint, self.role)


Needs = dict[str, list[Binding]]  # the bindings that a tenant needs, by slot


def bind(join: Join, consumer: Instance[Any], uses: Uses) -> None:
    """Bind an instance's `uses`; claims are merged if one connection can serve them."""
    needs: Needs = defaultdict(list)
    paths: dict[str, Path] = {}
    for index, word in enumerate(uses.words):
        path: Path = (*uses.path, index)
        used = _offer_of_word(join, consumer, path, word)
        if used is None:
            join.unsettled.add(consumer.name)
            continue
        claim = used.provides.endpoint.client_claim(consumer)
        named, used = used, join.successor(used, consumer.settings.move)
        by_pooler = join.pooler(used, claim)
        used = by_pooler or used
        # While a back end is replaced, its clients keep their logins, which have its name.
        requires = uses.requires(used.provides.endpoint, (by_pooler or named).provider.name)
        binding = Binding(consumer, requires, used.provider, used.provides, claim, used.offer)
        for need in (binding, *_further_needs(join, binding, uses)):
            paths.setdefault(need.requires.slot, path)
            _add_need(join, path, need, needs)
    _add_merged(join, needs, uses)
    if len(needs) > 1:
        join.paths_of_uses.append((consumer.name, paths))


def _offer_of_word(join: Join, consumer: Instance[Any], path: Path, word: str) -> Candidate | None:
    """The offer that an element of `uses` names: that of an instance, or of the only one of a type."""
    instance = join.instances.get(word)
    typed = [] if instance else join.components_of_type[word]
    if len(typed) > 1:
        name_problems.report_ambiguous_use(join, path, word, typed)
        return None
    instance = instance or (typed[0] if typed else None)
    if instance is not None and instance.section == "models" and instance is not consumer:
        return models.offer_of(join, instance)
    if instance is not None and instance.name in join.client_offers:
        return join.client_offers[instance.name]
    name_problems.report_unknown_use(join, consumer, path, word, exists=instance is not None)
    return None


def _further_needs(join: Join, used: Binding, uses: Uses) -> Iterator[Binding]:
    """The further bindings that clients of an offer get: to its provider's providers, and companions."""
    consumer, provider, offer = used.consumer, used.provider, used.offer
    for slot in (*offer.requires_of_clients, *offer.forwards_to_clients):
        provider_binding = join.direct.get((provider.name, slot.slot))
        if provider_binding is None:
            continue
        name, relayed = f"{provider.name}-{slot.slot}", slot in offer.forwards_to_clients
        requires = (
            uses.named(name, slot.endpoint) if relayed else uses.requires(slot.endpoint, name)
        )
        claim = slot.endpoint.entailed_claim(consumer, provider_binding.claim)
        yield replace(
            provider_binding, consumer=consumer, requires=requires, claim=claim, relayed=relayed
        )
    for companion in offer.also_offers:
        requires = uses.named(f"{provider.name}-{companion.slot}", companion.endpoint)
        for candidate in join.candidates[companion.endpoint.interface]:
            if (candidate.provider.name, candidate.provides) == (provider.name, companion):
                claim = companion.endpoint.client_claim(consumer)
                yield Binding(
                    consumer, requires, provider, companion, claim, candidate.offer, relayed=True
                )


def _add_need(join: Join, path: Path, binding: Binding, needs: Needs) -> None:
    earlier = needs[binding.requires.slot]
    for previous in earlier:
        if (previous.provider.name, previous.provides) != (binding.provider.name, binding.provides):
            join.unsettled.add(binding.consumer.name)
            conflicts.report_conflict(join, path, binding, previous)
            return
    earlier.append(binding)


def _add_merged(join: Join, needs: Needs, uses: Uses) -> None:
    """Add one binding for each slot, with the merged claim of all needs."""
    merged = {slot: _merged(bindings) for slot, bindings in needs.items()}
    for binding in merged.values():
        join.add(replace(binding, entailed=tuple(_entailed(join, binding, merged, uses))))


def check_variables(join: Join, settled: Graph) -> None:
    """Report two providers that set one variable of a pod to different values.

    Providers of different interfaces can do so, because some variables have the name of an instance. Only
    settled bindings have all that their variables are made of.
    """
    for consumer, paths in join.paths_of_uses:
        bindings = settled.by_consumer.get(consumer, {})
        _check_pods(
            join, [(bindings[slot], path) for slot, path in paths.items() if slot in bindings]
        )


def _check_pods(join: Join, used: list[tuple[Binding, Path]]) -> None:
    """Report the first conflict between the bindings of some pods."""
    variables: dict[str, tuple[Binding, Env]] = {}
    direct = [(binding, path) for binding, path in used if not binding.relayed]
    for binding, path in direct if len(direct) > 1 else ():
        for variable in binding.endpoint().variables:
            earlier, value = variables.setdefault(variable.name, (binding, variable))
            if value != variable:
                join.unsettled.add(binding.consumer.name)
                conflicts.report_variable_conflict(join, path, binding, earlier, variable.name)
                return


def _merged(bindings: Sequence[Binding]) -> Binding:
    """The first of some bindings to one offer, with the merged claim of all of them."""
    binding, *rest = bindings
    for second in rest:
        claim = binding.claim.merged(second.claim)
        binding = replace(binding, claim=claim) if claim is not None else binding
    return binding


def _entailed(
    join: Join, binding: Binding, merged: Mapping[str, Binding], uses: Uses
) -> Iterator[Binding]:
    """The connections that clients of a provider need, each with this provider's part of the claim.

    The merged claim also has the buckets of other providers. A text about this provider must not name them.
    """
    own_needs: Needs = defaultdict(list)
    for need in _further_needs(join, binding, uses):
        own_needs[need.requires.slot].append(need)
    for slot in sorted(own_needs.keys() & merged.keys()):
        yield replace(merged[slot], claim=_merged(own_needs[slot]).claim)
