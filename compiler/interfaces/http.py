"""Plain HTTP: a UI or an API that people and programs reach by URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from compiler import model


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(model.Claim):
    """Asks nothing more than to be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer(model.Offer):
    """A server that speaks HTTP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(model.Endpoint):
    """Where the server is."""

    interface: ClassVar[str] = "http"

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"
