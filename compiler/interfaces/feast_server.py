"""Feast's servers for clients that open no store themselves: of its registry, of training data."""

from __future__ import annotations

from typing import Any, ClassVar

from compiler import model


class Claim(model.Claim, frozen=True, kw_only=True):
    """Asks nothing more than to be reached."""


class Endpoint(model.Endpoint, frozen=True, kw_only=True):
    """Where the server is; the `feature_store.yaml` of a client names it."""

    interface: ClassVar[str] = "feast-server"

    @classmethod
    def client_claim(cls, consumer: model.Instance[Any]) -> Claim:
        return Claim()
