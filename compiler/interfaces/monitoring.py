"""Monitoring: a Prometheus that looks for what to scrape by itself, through its operator's objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from compiler import model


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(model.Claim):
    """Nobody claims it: it comes by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer(model.Offer):
    """A Prometheus: its pods scrape, and it takes the objects that bear its labels."""

    namespace: str
    scraper: Mapping[str, str]
    selects: Mapping[str, str]
    interval: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(model.Endpoint):
    """Nothing that a client would need to know."""

    interface: ClassVar[str] = "monitoring"
