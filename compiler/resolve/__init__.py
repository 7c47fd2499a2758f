"""Resolve bindings: each requirement of each instance becomes a binding, or a diagnostic.

Claims and offers follow from an instance's own spec, so resolution is one join. Only a pooler
passes claims on, from its clients to its upstream.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from compiler.diagnostics import Report
from compiler.interfaces import gateway, serving
from compiler.model import hosts
from compiler.model.binding import Binding, Offers
from compiler.model.graph import Graph
from compiler.model.instance import Instance
from compiler.model.memo import Memo
from compiler.model.package import Platform
from compiler.registry import component_of
from compiler.resolve import (
    logins,
    models,
    move,
    name_problems,
    provider_problems,
    sinks,
    transformers,
    uses,
)
from compiler.resolve.added_instances import added_instances
from compiler.resolve.forwarding import chain
from compiler.resolve.join import Join
from compiler.tenants import login, model_store, token_check

# The bindings of models and workloads depend on the bindings of these sections.
_BOUND_FIRST = ("components", model_store.SECTION, login.SECTION, token_check.SECTION)


def resolve(
    platforms: Mapping[str | None, Platform], memo: Memo, report: Report
) -> dict[str | None, Graph]:
    """Bind every requirement of each effective spec."""
    return {
        name: _graph(platform, memo, report.within(name)) for name, platform in platforms.items()
    }


def _graph(platform: Platform, memo: Memo, report: Report) -> Graph:
    """Bind everything in one environment: components, tenants, logins and the Job of a move."""
    instances = {**platform.instances, **added_instances(platform, memo, report)}
    offers = _without_fallbacks(
        {instance.name: slots for instance, slots in memo.each(_offers, instances.values())}
    )
    guarded = logins.guarded(platform, instances, offers)
    for instance in logins.instances(platform, guarded, memo, report):
        instances[instance.name] = instance
        offers[instance.name] = memo(_offers, instance)
    join = Join(platform, instances, offers, memo, report)
    logins.bind_pages(join, guarded)
    by_consumer = _bindings(join, guarded)
    added = move.addition(platform, join, by_consumer)
    if added is not None:
        name = added.job.name
        instances[name], offers[name] = added.job, {}
        by_consumer = {**by_consumer, name: _in_order(added.bindings)}
    graph = Graph(
        dict(sorted(instances.items())),
        tuple(binding for _, of_consumer in sorted(by_consumer.items()) for binding in of_consumer), offers,
        frozenset(join.unsettled), added.mirrored if added else (),
    )  # fmt: skip
    uses.check_variables(join, graph.settled)
    unsettled = frozenset(join.unsettled)
    return graph if unsettled == graph.unsettled else replace(graph, unsettled=unsettled)


def _offers(instance: Instance[Any]) -> Offers:
    return component_of(instance).offers(instance)


def _without_fallbacks(offers: Mapping[str, Offers]) -> dict[str, Offers]:
    """Withdraw the fallback offers of interfaces that another instance offers."""
    offered = {
        provides.endpoint.interface
        for slots in offers.values()
        for provides in slots
        if not provides.fallback
    }
    return {
        name: {
            provides: offer
            for provides, offer in slots.items()
            if not (provides.fallback and provides.endpoint.interface in offered)
        }
        if any(provides.fallback for provides in slots)
        else slots
        for name, slots in offers.items()
    }


def _bindings(join: Join, guarded: logins.Guarded) -> Mapping[str, tuple[Binding, ...]]:
    """Bind all consumers: components first, because the bindings of tenants depend on theirs."""
    for instance in join.instances.values():
        if instance.section in _BOUND_FIRST:
            _bind_claims(join, instance)
    _bind_routes(join)
    logins.bind_models(join, guarded)
    by_consumer: dict[str, tuple[Binding, ...]] = {}
    for name in sorted(join.instances):
        instance = join.instances[name]
        if instance.section == "models":
            by_consumer[name] = join.memo(_in_order, models.bindings_of(join, instance))
            if instance.spec.logger is not None:
                sinks.bind(join, instance)
            if instance.spec.transformer is not None:
                transformers.bind(join, instance)
        elif instance.section == "workloads":
            _bind_claims(join, instance)
        if getattr(instance.spec, "uses", ()):
            uses.bind(join, instance, uses.Uses((*instance.path, "uses"), instance.spec.uses))
    provider_problems.report_unbound(join)
    provider_problems.report_ambiguous(join)
    direct = {
        name: _in_order((*by_consumer.get(name, ()), *bindings))
        for name, bindings in _chained(join).items()
    }
    return {**by_consumer, **direct}


def _chained(join: Join) -> Mapping[str, list[Binding]]:
    """The direct bindings of each consumer, each followed by the bindings behind its pooler."""
    by_consumer: dict[str, list[Binding]] = defaultdict(list)
    for binding in join.direct.values():
        by_consumer[binding.consumer.name] += chain(join, binding)
    return by_consumer


def _in_order(bindings: tuple[Binding, ...]) -> tuple[Binding, ...]:
    return tuple(sorted(bindings, key=_order))


def _order(binding: Binding) -> tuple[str, ...]:
    return (binding.requires.slot, binding.provider.name, binding.provides.slot)


def _bind_claims(join: Join, instance: Instance[Any]) -> None:
    """Bind the requirements of an instance."""
    name_problems.check_bind_keys(join, instance)
    for requires, claim in component_of(instance).claims(instance).items():
        join.bind(instance, requires, claim)
    served = join.direct.get((instance.name, serving.SERVING.slot))
    if served is not None:
        for entailed_binding in models.entailed(join, instance, served):
            join.add(entailed_binding)


def _bind_routes(join: Join) -> None:
    """Bind instances that people open to the gateway, if there is one."""
    opened = {(binding.provider.name, binding.provides.slot)
              for binding in join.direct.values() if binding.claim.outside}  # fmt: skip
    for name, offers in join.offers.items():
        routed = [
            offer
            for provides, offer in offers.items()
            if (offer.ui and hosts.exposed(join.instances[name], offer))
            or (name, provides.slot) in opened
        ]
        if routed and (name, gateway.ROUTE.slot) not in join.direct:
            # The host of a store leads to its buckets alone; the paths of a page are not known.
            hides = any(offer.ui and offer.private for offer in routed)
            needs = frozenset[gateway.Feature]({"hidden"} if hides else ())
            claim = gateway.Claim(optional=True, needs=needs)
            join.bind(join.instances[name], gateway.ROUTE, claim)
