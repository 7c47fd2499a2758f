"""Bind models: each model gets the bindings of its namespace's model store, with the store's key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.interfaces import inference, serving
from compiler.model.binding import Binding
from compiler.model.graph import Wiring
from compiler.model.instance import Instance
from compiler.resolve.forwarding import chain
from compiler.resolve.join import Candidate, Join
from compiler.tenants import model_store


def bindings_of(join: Join, consumer: Instance[Any]) -> tuple[Binding, ...]:
    """The bindings of a model, made from the bindings of its store; none if the store has none."""
    store = model_store.name(consumer)
    if store not in join.store_bindings:
        join.store_bindings[store] = _bindings_of_store(join, store)
    store_bindings = join.store_bindings[store]
    if not store_bindings:
        join.unsettled.add(consumer.name)
        return ()
    return join.memo.once(
        lambda: tuple(_bindings(join, consumer, *store_bindings)),
        "model",
        consumer,
        *store_bindings,
    )


def _bindings(
    join: Join, consumer: Instance[Any], serving_binding: Binding, *system_and_keys: Binding
) -> Iterator[Binding]:
    """The bindings of one model: to its serving system, with the store's key, and to the systems that it requires."""
    keys = tuple(binding for binding in system_and_keys if binding.requires == serving.STORE)
    system_bindings = [binding for binding in system_and_keys if binding not in keys]
    model_binding = Binding(
        consumer, serving_binding.requires, serving_binding.provider, serving_binding.provides, serving_binding.claim, serving_binding.offer,
        entailed=keys,
    )  # fmt: skip
    entailed_bindings = (_entailed(consumer, binding) for binding in system_bindings)
    for binding in (model_binding, *entailed_bindings):
        yield from chain(join, binding)


def offer_of(join: Join, provider: Instance[Any]) -> Candidate | None:
    """A model's offer to its callers; the serving system determines the address.

    None if the model could not be bound, which is reported already.
    """
    bindings = bindings_of(join, provider)
    return join.memo.once(lambda: _offer_of(provider, bindings), "candidate", provider, *bindings)


def _offer_of(provider: Instance[Any], bindings: tuple[Binding, ...]) -> Candidate | None:
    wiring = _wiring(bindings)
    system = wiring.get(serving.SERVING)
    if system is None:
        return None
    offer = system.inference(provider, wiring.get(serving.GATEWAY), wiring.get(serving.SERVERLESS))
    return Candidate(provider, inference.INFERENCE, offer)


def server(join: Join, me: Instance[Any]) -> inference.Offer | None:
    """The address of a model's own server, for its transformer."""
    bindings = bindings_of(join, me)
    return join.memo.once(lambda: _server(me, _wiring(bindings)), "server", me, *bindings)


def _server(me: Instance[Any], wiring: Wiring) -> inference.Offer | None:
    system = wiring.get(serving.SERVING)
    if system is None:
        return None
    return system.server(me, wiring.get(serving.GATEWAY), wiring.get(serving.SERVERLESS))


def _wiring(bindings: tuple[Binding, ...]) -> Wiring:
    return Wiring({binding.requires.slot: binding for binding in bindings}, {}, {})


def _bindings_of_store(join: Join, store: str) -> tuple[Binding, ...]:
    """The bindings that all models of a store have: serving system, key, and the system's requirements."""
    serving_binding = join.direct.get((store, serving.SERVING.slot))
    key = join.direct.get((store, serving.STORE.slot))
    fetched = join.instances[store].spec.buckets  # whether models come from the store
    if serving_binding is None or (fetched and key is None):
        return ()
    return (serving_binding, *([key] if key else []), *_system_bindings(join, serving_binding))


def entailed(join: Join, consumer: Instance[Any], serving_binding: Binding) -> Iterator[Binding]:
    """The serving system's bindings that the pods of its models need too, made for a consumer."""
    return (_entailed(consumer, binding) for binding in _system_bindings(join, serving_binding))


def _system_bindings(join: Join, serving_binding: Binding) -> Iterator[Binding]:
    """The serving system's own bindings that its models need too."""
    slots = (
        (serving_binding.provider.name, requires.slot)
        for requires in serving_binding.offer.requires_of_clients
    )
    return (join.direct[slot] for slot in slots if slot in join.direct)


def _entailed(consumer: Instance[Any], binding: Binding) -> Binding:
    claim = binding.requires.endpoint.entailed_claim(consumer, binding.claim)
    return Binding(
        consumer, binding.requires, binding.provider, binding.provides, claim, binding.offer
    )
