"""Plain HTTP: a UI or an API that people and programs open by URL."""

from __future__ import annotations

from typing import ClassVar

from compiler import model


class Claim(model.Claim, frozen=True, kw_only=True):
    """Claims access only."""


class Offer(model.Offer, frozen=True, kw_only=True):
    """An HTTP server."""

    own_oauth: bool = False  # it answers below `/oauth2/` itself, as oauth2-proxy does by default


class Endpoint(model.Endpoint[Claim, Offer], frozen=True, kw_only=True):
    """The address of the server."""

    interface: ClassVar[str] = "http"

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"
