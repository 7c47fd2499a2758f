"""Something served: what `spec.models` holds; the serving component lowers it."""

from __future__ import annotations

from collections.abc import Iterator

from compiler import model
from compiler.interfaces import serving
from compiler.model.spec import ModelSpec as Spec

PHASE = model.Phase.MODELS
SERVING = model.Requires("serving", serving.Endpoint)


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {SERVING: serving.Claim(format=me.spec.format)}


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    return iter(())
