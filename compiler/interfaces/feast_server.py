"""Feast's servers for clients that open no store themselves: of its registry, of training data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from compiler import model


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(model.Claim):
    """Asks nothing more than to be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(model.Endpoint):
    """Where the server is; the `feature_store.yaml` of a client names it."""

    interface: ClassVar[str] = "feast-server"

    @classmethod
    def client_claim(cls, consumer: model.Instance[Any]) -> Claim:
        return Claim()
