"""A model: an entry of `spec.models`. The serving system that it is bound to writes its objects."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from compiler import kube, model
from compiler.interfaces import gateway, inference, mesh, payload_sink, s3, serverless, serving
from compiler.spec.served_model import ModelSpec as Spec
from compiler.tenants import existing_secrets, model_store

PHASE = model.Phase.MODELS
SERVING, STORE = serving.SERVING, serving.STORE
# Endpoints that every model is bound to; its programs use all others.
_SURROUNDING = (serving.Endpoint, gateway.Endpoint, mesh.Endpoint, serverless.Endpoint)


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}  # it has the bindings of its namespace's model store


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    server_uses = [*used(wiring)]
    client = kube.client(me, server_uses, trusted=server_uses)
    transformer = _transformer(me, wiring)
    for pods in (client, *([transformer] if transformer else [])):
        yield from pods.configs
        yield from pods.handed
    yield from existing_secrets.declared(me)
    system = wiring[SERVING]
    stores = [binding.endpoint() for binding in system.binding.entailed]
    surroundings = serving.Surroundings(
        account=model_store.name(me),
        stores=tuple(store for store in stores if isinstance(store, s3.Endpoint)),
        gateway=wiring.get(serving.GATEWAY),
        mesh=wiring.get(serving.MESH),
        client=client,
        sink=wiring.get(payload_sink.LOGGER),
        transformer=transformer,
        knative=wiring.get(serving.SERVERLESS),
    )
    yield from system.serve(me, surroundings)


def used(wiring: model.Wiring) -> Iterator[model.Endpoint]:
    """The endpoints that the model's server uses; KServe's agent uses the sink of copies."""
    for slot, endpoint in wiring.named:
        surrounding = isinstance(endpoint, _SURROUNDING) or slot == payload_sink.LOGGER.slot
        if not surrounding and not endpoint.binding.requires.role:
            yield endpoint


def used_by_transformer(wiring: model.Wiring) -> Iterator[model.Endpoint]:
    """The endpoints that the model's transformer uses."""
    role = inference.TRANSFORMER
    return (e for e in wiring.endpoints if e.binding.requires.role == role)


def _transformer(me: model.Instance[Spec], wiring: model.Wiring) -> kube.Client | None:
    """The client environment of the transformer, in objects with separate names."""
    if me.spec.transformer is None:
        return None
    uses = [*used_by_transformer(wiring)]
    named = replace(me, name=f"{me.name}-{inference.TRANSFORMER}")
    return kube.client(named, uses, trusted=uses)
