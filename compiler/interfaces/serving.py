"""Model serving: a system that runs models of some formats behind a host for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from msgspec import Struct

from compiler import kube, model
from compiler.document import Path
from compiler.interfaces import gateway, s3, serverless
from compiler.spec import quantity
from compiler.spec.tenant import ModelSpec

MODEL = "model"  # the role of every model's pods
EXEMPT = f"exempt.{model.PREFIX}/read-only-root"
HEAVY = 2 * 2**30  # bytes of a model that takes too long to load
GIGABIT = 10**9


class Claim(model.Claim, frozen=True, kw_only=True):
    """A model; what it is stands in its section of the spec."""


class Offer(model.Offer, frozen=True, kw_only=True):
    """A system that makes servers of models."""


class ModelProblem(Struct, frozen=True):
    """Why a system can't serve a model as it is declared."""

    code: str
    message: str
    key: Path  # below the model's section
    help: str
    candidates: Iterable[str] = ()  # what the value could be meant to be


class Surroundings(Struct, frozen=True):
    """What a model's objects name besides its own section of the spec."""

    account: str  # the ServiceAccount that all models of the namespace share
    stores: tuple[s3.Endpoint, ...]  # with the key that they share; one
    gateway: gateway.Endpoint | None
    client: kube.Client  # of what the model uses

    @property
    def in_mesh(self) -> dict[str, str]:
        """With a sidecar that starts first, an init container reaches the store through it."""
        if self.gateway is None or self.gateway.offer.dataplane != "sidecar":
            return {}
        return dict(gateway.NATIVE)


class Endpoint(model.Endpoint, frozen=True, kw_only=True):
    """The system that serves a model. Each one has its own, which knows how to say it."""

    interface: ClassVar[str] = "serving"
    one_per_pod: ClassVar[bool] = True

    def problems(self, me: model.Instance[ModelSpec]) -> Iterable[ModelProblem]:
        """What stands against serving one model."""
        raise NotImplementedError

    def share(self, me: model.Instance[Any], wiring: model.Wiring) -> Iterator[model.Piece]:
        """What the system needs once for all models of a namespace."""
        raise NotImplementedError

    def serve(self, me: model.Instance[ModelSpec], around: Surroundings) -> Iterator[model.Piece]:
        """The objects of one model."""
        raise NotImplementedError


# What a model is bound to by being one, and its namespace's store with it.
SERVING = model.Requires("serving", Endpoint)
GATEWAY = gateway.ROUTE
SERVERLESS = model.Requires("serverless", serverless.Endpoint)
STORE = model.Requires("store", s3.Endpoint)


def pods() -> model.Made:
    """The pods of all models of a namespace."""
    return model.Made(MODEL, {"app.kubernetes.io/component": MODEL})


def sharing(store: s3.Endpoint) -> model.Made:
    """Those of them that share a store."""
    return model.Made(MODEL, {**pods().labels, store.binding.label: "true"})


def burden(spec: ModelSpec, language: Iterable[str], format: str) -> str | None:
    """What makes a model load for so long that a request can't wait for it, or None."""
    size = quantity.whole(spec.size) if spec.size else 0
    if size >= HEAVY:
        return f"{spec.size} to load ({size * 8 / GIGABIT:.0f} s at 1 Gbit/s)"
    if spec.gpu:
        return "a GPU to fill"
    return "a language model to load" if format in language else None
