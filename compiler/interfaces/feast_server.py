"""Feast's registry and offline servers, for clients that open no store themselves."""

from __future__ import annotations

from typing import Any, ClassVar

from compiler import model


class Claim(model.Claim, frozen=True, kw_only=True):
    """Claims access only."""


class Endpoint(model.Endpoint[Claim, model.Offer], frozen=True, kw_only=True):
    """The address of the server; the `feature_store.yaml` of a client names it."""

    interface: ClassVar[str] = "feast-server"

    @classmethod
    def client_claim(cls, consumer: model.Instance[Any]) -> Claim:
        return Claim()
