"""Models: each is bound to what its namespace's store is bound to, and has the store's key."""

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
    """The bindings that a model has by being one. They follow from what its store is bound to."""
    store = model_store.name(consumer)
    if store not in join.stores:
        join.stores[store] = _of_store(join, store)
    around = join.stores[store]
    if not around:
        return ()
    return join.memo.once(
        lambda: tuple(_bindings(join, consumer, *around)), "model", consumer, *around
    )


def _bindings(
    join: Join, consumer: Instance[Any], served: Binding, *others: Binding
) -> Iterator[Binding]:
    keys = tuple(one for one in others if one.requires == serving.STORE)
    theirs = [one for one in others if one not in keys]
    own = Binding(
        consumer, served.requires, served.provider, served.provides, served.claim, served.offer,
        entailed=keys,
    )  # fmt: skip
    for binding in (own, *(_entailed(consumer, one) for one in theirs)):
        yield from chain(join, binding)


def candidate(join: Join, consumed: Instance[Any]) -> Candidate | None:
    """A model as a provider: the system that serves it says how it is called.

    None where the model itself could not be bound, which is reported already.
    """
    wiring = Wiring({one.requires.slot: one for one in bound(join, consumed)}, {}, {})
    system = wiring.get(serving.SERVING)
    if system is None:
        return None
    offer = system.inference(consumed, wiring.get(serving.GATEWAY), wiring.get(serving.SERVERLESS))
    return Candidate(consumed, inference.INFERENCE, offer)


def _of_store(join: Join, store: str) -> tuple[Binding, ...]:
    """What the models of a store are bound to: a system that serves, a key, what the system needs."""
    served = join.direct.get((store, serving.SERVING.slot))
    key = join.direct.get((store, serving.STORE.slot))
    fetched = join.instances[store].spec.buckets  # from a store, and not from elsewhere
    if served is None or (fetched and key is None):
        return ()
    return (served, *([key] if key else []), *_theirs(join, served))


def entailed(join: Join, consumer: Instance[Any], served: Binding) -> Iterator[Binding]:
    """What serving models requires, their pods require too."""
    return (_entailed(consumer, one) for one in _theirs(join, served))


def _theirs(join: Join, served: Binding) -> Iterator[Binding]:
    """The bindings of the system that serves, of which its models have the like."""
    slots = ((served.provider.name, one.slot) for one in served.offer.requires_of_clients)
    return (join.direct[slot] for slot in slots if slot in join.direct)


def _entailed(consumer: Instance[Any], theirs: Binding) -> Binding:
    claim = theirs.requires.endpoint.entailed_claim(consumer, theirs.claim)
    return Binding(consumer, theirs.requires, theirs.provider, theirs.provides, claim, theirs.offer)
