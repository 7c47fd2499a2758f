"""Bind models: each model gets the bindings of its namespace's model store, including the store's key."""

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


def bound(join: Join, consumer: Instance[Any]) -> tuple[Binding, ...]:
    """The bindings that every model has; they follow from the bindings of its store."""
    store = model_store.name(consumer)
    if store not in join.stores:
        join.stores[store] = _of_store(join, store)
    store_bindings = join.stores[store]
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
    join: Join, consumer: Instance[Any], served: Binding, *system_and_keys: Binding
) -> Iterator[Binding]:
    keys = tuple(binding for binding in system_and_keys if binding.requires == serving.STORE)
    system_bindings = [binding for binding in system_and_keys if binding not in keys]
    own_binding = Binding(
        consumer, served.requires, served.provider, served.provides, served.claim, served.offer,
        entailed=keys,
    )  # fmt: skip
    entailed_bindings = (_entailed(consumer, binding) for binding in system_bindings)
    for binding in (own_binding, *entailed_bindings):
        yield from chain(join, binding)


def candidate(join: Join, consumed: Instance[Any]) -> Candidate | None:
    """A model as a provider; the serving system determines its address.

    None if the model could not be bound, which is reported already.
    """
    bindings = bound(join, consumed)
    return join.memo.once(lambda: _candidate(consumed, bindings), "candidate", consumed, *bindings)


def _candidate(consumed: Instance[Any], bindings: tuple[Binding, ...]) -> Candidate | None:
    wiring = _wiring(bindings)
    system = wiring.get(serving.SERVING)
    if system is None:
        return None
    offer = system.inference(consumed, wiring.get(serving.GATEWAY), wiring.get(serving.SERVERLESS))
    return Candidate(consumed, inference.INFERENCE, offer)


def server(join: Join, me: Instance[Any]) -> inference.Offer | None:
    """The address of a model's own server, for its transformer."""
    bindings = bound(join, me)
    return join.memo.once(lambda: _server(me, _wiring(bindings)), "server", me, *bindings)


def _server(me: Instance[Any], wiring: Wiring) -> inference.Offer | None:
    system = wiring.get(serving.SERVING)
    if system is None:
        return None
    return system.server(me, wiring.get(serving.GATEWAY), wiring.get(serving.SERVERLESS))


def _wiring(bindings: tuple[Binding, ...]) -> Wiring:
    return Wiring({binding.requires.slot: binding for binding in bindings}, {}, {})


def _of_store(join: Join, store: str) -> tuple[Binding, ...]:
    """The bindings for the models of a store: the serving system, the key, the system's requirements."""
    served = join.direct.get((store, serving.SERVING.slot))
    key = join.direct.get((store, serving.STORE.slot))
    fetched = join.instances[store].spec.buckets  # whether models come from the store
    if served is None or (fetched and key is None):
        return ()
    return (served, *([key] if key else []), *_system_bindings(join, served))


def entailed(join: Join, consumer: Instance[Any], served: Binding) -> Iterator[Binding]:
    """Bindings for the requirements of a serving system that its models' pods have as well."""
    return (_entailed(consumer, binding) for binding in _system_bindings(join, served))


def _system_bindings(join: Join, served: Binding) -> Iterator[Binding]:
    """The bindings of the serving system that its models need as well."""
    slots = ((served.provider.name, requires.slot) for requires in served.offer.requires_of_clients)
    return (join.direct[slot] for slot in slots if slot in join.direct)


def _entailed(consumer: Instance[Any], binding: Binding) -> Binding:
    claim = binding.requires.endpoint.entailed_claim(consumer, binding.claim)
    return Binding(
        consumer, binding.requires, binding.provider, binding.provides, claim, binding.offer
    )
