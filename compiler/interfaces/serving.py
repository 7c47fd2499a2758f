"""Model serving: a controller that runs models of some formats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from compiler import model


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(model.Claim):
    """A model of one format."""

    format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(model.Endpoint):
    """The controller that serves the model."""

    interface: ClassVar[str] = "serving"
