"""Claims meet offers: each requirement of each instance becomes a binding, or a diagnostic.

What an instance claims and offers follows from its own spec alone, so resolution is one join; the
only thing passed on is a pooler's, from its clients to its upstream.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from compiler import registry, tenants
from compiler.diagnostics import Related, Report, correction, listing, suggestion
from compiler.interfaces import gateway, serving
from compiler.model.document import Node, Path
from compiler.model.graph import (
    Binding,
    Claim,
    Component,
    Graph,
    Instance,
    Offer,
    Offers,
    Provides,
    Requires,
)
from compiler.model.package import Platform
from compiler.tenants import model_store


def module(instance: Instance[Any]) -> Component:
    """The code of an instance: its component's, or its tenant's."""
    if instance.section != "components":
        return tenants.module(instance.section)
    found = registry.component(instance.type)
    assert found is not None, instance.type
    return found


def resolve(platform: Platform, report: Report) -> Graph:
    """All bindings of one effective spec."""
    instances = {**platform.instances, **_brought_along(platform)}
    offers = {name: module(instance).offers(instance) for name, instance in instances.items()}
    resolver = _Resolver(instances, offers, platform.document, report)
    bindings = sorted(resolver.bindings(), key=_order)
    return Graph(dict(sorted(instances.items())), tuple(bindings), offers)


def _brought_along(platform: Platform) -> Mapping[str, Instance[Any]]:
    """Workloads that components declare themselves, such as a smoke test; stores of models."""
    found: dict[str, Instance[Any]] = {}
    models = [one for one in platform.instances.values() if one.section == "models"]
    found |= model_store.stores(models)
    for instance in platform.instances.values():
        if instance.section != "components":
            continue
        bring = getattr(module(instance), "workloads", None)
        for name, spec in (bring(instance) if bring else {}).items():
            if name not in platform.instances:
                found[name] = replace(
                    instance, name=name, section="workloads", type="workload", spec=spec,
                    declared=instance.path,
                )  # fmt: skip
    return found


def _order(binding: Binding) -> tuple[str, ...]:
    return (
        binding.consumer.name, binding.requires.slot, binding.provider.name, binding.provides.slot,
    )  # fmt: skip


class _Candidate(Struct, frozen=True):
    provider: Instance[Any]
    provides: Provides[Any]
    offer: Offer


class _Resolver:
    def __init__(
        self, instances: Mapping[str, Instance[Any]], offers: Mapping[str, Offers], document: Node,
        report: Report,
    ) -> None:  # fmt: skip
        self.instances, self.offers = instances, offers
        self.document, self.report = document, report
        self.candidates: dict[str, list[_Candidate]] = defaultdict(list)
        self.first: dict[str, _Candidate] = {}  # of each provider: what those who `use` it get
        for name, slots in offers.items():
            for provides, offer in slots.items():
                candidate = _Candidate(instances[name], provides, offer)
                self.candidates[provides.endpoint.interface].append(candidate)
                self.first.setdefault(name, candidate)
        self.direct: dict[tuple[str, str], Binding] = {}
        self.cycles: set[frozenset[str]] = set()

    def bindings(self) -> Iterator[Binding]:
        for instance in self.instances.values():
            if instance.section in ("components", model_store.SECTION):
                self.bind_claims(instance)
        self.bind_routes()
        for name in sorted(self.instances):
            if self.instances[name].section == "models":
                self.bind_model(self.instances[name])
            elif self.instances[name].section == "workloads":
                self.bind_claims(self.instances[name])
            if getattr(self.instances[name].spec, "uses", ()):
                self.bind_uses(self.instances[name])
        for binding in self.direct.values():
            entailed = tuple(self.forwarded(one, ()) for one in binding.entailed)
            whole = self.forwarded(replace(binding, entailed=entailed), ())
            yield whole
            while whole.upstream is not None:
                whole = whole.upstream
                yield whole

    # What an instance itself requires

    def bind_claims(self, instance: Instance[Any]) -> None:
        self.check_bind_keys(instance)
        for requires, claim in module(instance).claims(instance).items():
            self.bind(instance, requires, claim)
        served = self.direct.get((instance.name, serving.SERVING.slot))
        if served is not None:
            self.entail(instance, served)

    def bind_routes(self) -> None:
        """A host on the gateway for what people open, where there is a gateway."""
        opened = {(one.provider.name, one.provides.slot)
                  for one in self.direct.values() if one.claim.outside}  # fmt: skip
        for name, offers in self.offers.items():
            routed = any(offer.ui or (name, one.slot) in opened for one, offer in offers.items())
            if routed and (name, gateway.ROUTE.slot) not in self.direct:
                self.bind(self.instances[name], gateway.ROUTE, gateway.Claim(optional=True))

    def bind(self, consumer: Instance[Any], requires: Requires[Any], claim: Claim) -> None:
        candidate = self.choose(consumer, requires, claim)
        if candidate is not None:
            self.direct[consumer.name, requires.slot] = Binding(
                consumer, requires, candidate.provider, candidate.provides, claim,
                candidate.offer, entailed=self.entailed(consumer, candidate),
            )  # fmt: skip

    def entailed(self, consumer: Instance[Any], candidate: _Candidate) -> tuple[Binding, ...]:
        """What a tenant needs of others because its provider does; components are bound first."""
        if consumer.section == "components":
            return ()
        slots = ((candidate.provider.name, one.slot) for one in candidate.offer.entails)
        return tuple(self.direct[slot] for slot in slots if slot in self.direct)

    def choose(
        self, consumer: Instance[Any], requires: Requires[Any], claim: Claim
    ) -> _Candidate | None:
        interface = requires.endpoint.interface
        able = [c for c in self.candidates[interface] if c.provider.name != consumer.name]
        named = consumer.spec.bind.get(requires.slot)
        if named is not None:
            return self.named(consumer, requires, named, able)
        final = [c for c in able if c.provides.forwards is None and not c.provides.explicit]
        if len(final) == 1:
            return self.pooler(final[0], able, claim) or final[0]
        if final:
            self.ambiguous(consumer, requires, final)
        elif not claim.optional:
            self.unbound(consumer, requires)
        return None

    def named(
        self, consumer: Instance[Any], requires: Requires[Any], name: str, able: list[_Candidate]
    ) -> _Candidate | None:
        found = [c for c in able if c.provider.name == name]
        if found:
            return found[0]
        path: Path = (*self.place(consumer), "bind", requires.slot)
        interface = requires.endpoint.interface
        names = [c.provider.name for c in able]
        known = name in self.instances
        reason = f"does not offer `{interface}`" if known else "is not an instance"
        self.report.add(
            "unknown-binding",
            f"`{name}` {reason}",
            self.document.value_span(path),
            path=path,
            help=suggestion(name, names)
            or f"instances with `{interface}`: {listing(names) or 'none'}",
            fix=correction(self.document.value_span(path), name, names),
        )
        return None

    def pooler(self, final: _Candidate, able: list[_Candidate], claim: Claim) -> _Candidate | None:
        """The one pooler in front of a provider, for claims that tolerate it."""
        if not claim.pooled:
            return None
        poolers = [c for c in able if c.provides.forwards and self.leads_to(c, final)]
        return poolers[0] if len(poolers) == 1 else None

    def leads_to(self, pooler: _Candidate, final: _Candidate) -> bool:
        assert pooler.provides.forwards is not None
        named = pooler.provider.spec.bind.get(pooler.provides.forwards.slot)
        return named in (None, final.provider.name)

    def forwarded(self, binding: Binding, seen: tuple[str, ...]) -> Binding:
        """The binding with what a pooler makes of it behind it."""
        slot = binding.provides.forwards
        if slot is None:
            return binding
        pooler = binding.provider
        if pooler.name in seen:
            self.cycle(pooler, slot.slot, seen)
            return binding
        upstream = self.direct.get((pooler.name, slot.slot))
        if upstream is None:
            return binding
        behind = replace(
            upstream, consumer=binding.consumer, requires=binding.requires, claim=binding.claim,
            via=binding,
        )  # fmt: skip
        offer = binding.provides.endpoint.forwarded(binding.offer, pooler, upstream.offer)
        further = self.forwarded(behind, (*seen, pooler.name))
        return replace(binding, offer=offer, upstream=further)

    # What tenants use

    def bind_model(self, consumer: Instance[Any]) -> None:
        """A model is served by what its store is bound to, with the store's key."""
        store = model_store.name(consumer)
        served = self.direct.get((store, serving.SERVING.slot))
        key = self.direct.get((store, serving.STORE.slot))
        if served is not None and key is not None:
            own = Binding(
                consumer, served.requires, served.provider, served.provides, served.claim,
                served.offer, entailed=(key,),
            )  # fmt: skip
            self.direct[consumer.name, own.requires.slot] = own
            self.entail(consumer, own)

    def entail(self, consumer: Instance[Any], served: Binding) -> None:
        """What serving models requires, their pods require too."""
        for slot in served.offer.entails:
            theirs = self.direct.get((served.provider.name, slot.slot))
            if theirs is not None:
                claim = slot.endpoint.entailed_claim(consumer, theirs.claim)
                self.direct[consumer.name, slot.slot] = Binding(
                    consumer, slot, theirs.provider, theirs.provides, claim, theirs.offer
                )

    def bind_uses(self, consumer: Instance[Any]) -> None:
        """The bindings of a workload: what it uses, and what that entails, merged per provider."""
        needs: dict[str, list[tuple[int, Binding]]] = defaultdict(list)
        for index, word in enumerate(consumer.spec.uses):
            used = self.used(consumer, index, word)
            if used is None:
                continue
            claim = used.provides.endpoint.client_claim(consumer)
            used = (
                self.pooler(used, self.candidates[used.provides.endpoint.interface], claim) or used
            )
            requires = self.slot(used.provides.endpoint, used.provider.name)
            binding = Binding(consumer, requires, used.provider, used.provides, claim, used.offer)
            self.add_need(consumer, index, binding, needs)
            for own in self.besides(binding):
                self.add_need(consumer, index, own, needs)
        self.settle(consumer, needs)

    def besides(self, used: Binding) -> Iterator[Binding]:
        """What the clients of an offer need besides: what its provider needs, and its companions."""
        consumer, provider, offer = used.consumer, used.provider, used.offer
        for slot in (*offer.entails, *offer.relays):
            theirs = self.direct.get((provider.name, slot.slot))
            if theirs is None:
                continue
            name, relayed = f"{provider.name}-{slot.slot}", slot in offer.relays
            requires = Requires(name, slot.endpoint) if relayed else self.slot(slot.endpoint, name)
            claim = slot.endpoint.entailed_claim(consumer, theirs.claim)
            yield replace(
                theirs, consumer=consumer, requires=requires, claim=claim, relayed=relayed
            )
        for companion in offer.companions:
            requires = Requires(f"{provider.name}-{companion.slot}", companion.endpoint)
            for one in self.candidates[companion.endpoint.interface]:
                if (one.provider.name, one.provides) == (provider.name, companion):
                    claim = companion.endpoint.client_claim(consumer)
                    yield Binding(
                        consumer, requires, provider, companion, claim, one.offer, relayed=True
                    )

    def slot(self, endpoint: Any, name: str) -> Requires[Any]:
        return Requires(endpoint.interface if endpoint.one_per_pod else name, endpoint)

    def add_need(
        self, consumer: Instance[Any], index: int, binding: Binding,
        needs: dict[str, list[tuple[int, Binding]]],
    ) -> None:  # fmt: skip
        earlier = needs[binding.requires.slot]
        for _, other in earlier:
            if (other.provider.name, other.provides) != (binding.provider.name, binding.provides):
                self.conflict(consumer, index, binding, other)
                return
        earlier.append((index, binding))

    def settle(
        self, consumer: Instance[Any], needs: Mapping[str, list[tuple[int, Binding]]]
    ) -> None:
        merged: dict[str, Binding] = {}
        for slot, all in needs.items():
            binding = all[0][1]
            for _, other in all[1:]:
                both = binding.claim.merged(other.claim)
                binding = replace(binding, claim=both) if both is not None else binding
            merged[slot] = binding
        for slot, binding in merged.items():
            wanted = {own.requires.slot for own in self.besides(binding)}
            entailed = tuple(merged[name] for name in sorted(wanted) if name in merged)
            self.direct[consumer.name, slot] = replace(binding, entailed=entailed)

    def used(self, consumer: Instance[Any], index: int, word: str) -> _Candidate | None:
        """The offer that an element of `uses` stands for: an instance, or a type's only one."""
        instance = self.instances.get(word)
        typed = [i for i in self.instances.values() if i.type == word and i.section == "components"]
        path: Path = (*consumer.path, "uses", index)
        if instance is None and len(typed) > 1:
            names = [one.name for one in typed]
            self.report.add(
                "ambiguous-binding",
                f"`{word}` could be any of {listing(names)}",
                self.document.value_span(path),
                path=path,
                help="name the instance",
            )
            return None
        instance = instance or (typed[0] if typed else None)
        if instance is not None and instance.name in self.first:
            return self.first[instance.name]
        names = sorted(self.first)
        known = instance is not None
        self.report.add(
            "unknown-binding",
            f"`{word}` {'offers nothing to use' if known else 'is not an instance'}",
            self.document.value_span(path),
            path=path,
            help=suggestion(word, names) or f"instances to use: {listing(names) or 'none'}",
            fix=correction(self.document.value_span(path), word, names),
        )
        return None

    # What goes wrong

    def cycle(self, pooler: Instance[Any], slot: str, seen: tuple[str, ...]) -> None:
        if frozenset(seen) in self.cycles:
            return
        self.cycles.add(frozenset(seen))
        path = self.place(pooler)
        self.report.add(
            "forwarding-cycle",
            f"`{pooler.name}` forwards to itself through {listing(seen)}",
            self.document.span_of(path),
            path=path,
            help=f"bind its `{slot}` to a database",
        )

    def check_bind_keys(self, instance: Instance[Any]) -> None:
        slots = [requires.slot for requires in module(instance).claims(instance)]
        if any(offer.ui for offer in self.offers[instance.name].values()):
            slots.append(gateway.ROUTE.slot)
        for key in instance.spec.bind:
            if key not in slots:
                path: Path = (*self.place(instance), "bind", key)
                self.report.add(
                    "unknown-binding",
                    f"`{instance.name}` has no slot `{key}`",
                    self.document.span_of(path),
                    path=path,
                    help=suggestion(key, slots) or f"its slots are {listing(slots) or 'none'}",
                    fix=correction(self.document.span_of(path), key, slots),
                )

    def place(self, instance: Instance[Any]) -> Path:
        return instance.declared or instance.path

    def unbound(self, consumer: Instance[Any], requires: Requires[Any]) -> None:
        interface = requires.endpoint.interface
        path = self.place(consumer)
        self.report.add(
            "unbound-requirement",
            f"`{consumer.name}` requires {_a(interface)} provider for `{requires.slot}`, "
            "and none is declared",
            self.document.span_of(path),
            path=path,
            help=f"add one of {listing(registry.providers(interface))} under `spec.components`",
        )

    def ambiguous(
        self, consumer: Instance[Any], requires: Requires[Any], able: list[_Candidate]
    ) -> None:
        path = self.place(consumer)
        names = sorted(c.provider.name for c in able)
        self.report.add(
            "ambiguous-binding",
            f"`{consumer.name}` requires {_a(requires.endpoint.interface)} provider for "
            f"`{requires.slot}`, and {listing(names)} would all do",
            self.document.span_of(path),
            path=path,
            help=f"add `bind: {{{requires.slot}: {names[0]}}}` to `{consumer.name}`",
            related=[Related("one provider", self.document.span_of(("spec", "components", name)))
                     for name in names],
        )  # fmt: skip

    def conflict(
        self, consumer: Instance[Any], index: int, binding: Binding, other: Binding
    ) -> None:
        path: Path = (*consumer.path, "uses", index)
        interface = binding.requires.endpoint.interface
        self.report.add(
            "client-environment-conflict",
            f"`{consumer.name}` would need the `{interface}` variables of both "
            f"`{other.provider.name}` and `{binding.provider.name}`",
            self.document.value_span(path),
            path=path,
            help="a pod has one set of them: use one of the two, or set `artifacts: proxied` on "
            "the mlflow that it uses",
        )


def _a(word: str) -> str:
    return f"an `{word}`" if word[0] in "aeious" and word not in ("serverless",) else f"a `{word}`"
