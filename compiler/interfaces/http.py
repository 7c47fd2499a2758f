"""Plain HTTP: a UI or an API that people and programs reach by URL."""

from __future__ import annotations

from typing import ClassVar

from compiler import model


class Claim(model.Claim, frozen=True, kw_only=True):
    """Asks nothing more than to be reached."""


class Offer(model.Offer, frozen=True, kw_only=True):
    """A server that speaks HTTP."""


class Endpoint(model.Endpoint, frozen=True, kw_only=True):
    """Where the server is."""

    interface: ClassVar[str] = "http"

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"
