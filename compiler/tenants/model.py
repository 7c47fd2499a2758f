"""Something served: what `spec.models` holds. The system that it is bound to says how."""

from __future__ import annotations

from collections.abc import Iterator

from compiler import kube, model
from compiler.interfaces import gateway, s3, serverless, serving
from compiler.spec.tenant import ModelSpec as Spec
from compiler.tenants import model_store

PHASE = model.Phase.MODELS
# What every model is bound to by being one; all else is what its programs use.
_SURROUNDING = (serving.Endpoint, gateway.Endpoint, serverless.Endpoint)


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}  # it is bound as its namespace's model store is


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    used = [one for one in wiring.endpoints if not isinstance(one, _SURROUNDING)]
    client = kube.client(me, used)
    yield from client.configs
    system = wiring[serving.SERVING]
    stores = [one.endpoint() for one in system.binding.entailed]
    around = serving.Surroundings(
        account=model_store.name(me),
        stores=tuple(one for one in stores if isinstance(one, s3.Endpoint)),
        gateway=wiring.get(serving.GATEWAY),
        client=client,
    )
    yield from system.serve(me, around)
