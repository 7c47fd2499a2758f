"""Monitoring: a Prometheus that looks for what to scrape by itself, through its operator's objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from compiler import model


class Claim(model.Claim, frozen=True, kw_only=True):
    """Nobody claims it: it comes by itself."""


class Offer(model.Offer, frozen=True, kw_only=True):
    """A Prometheus: its pods scrape, and it takes the objects that bear its labels."""

    namespace: str
    scraper: Mapping[str, str]
    selects: Mapping[str, str]
    interval: str


class Endpoint(model.Endpoint, frozen=True, kw_only=True):
    """Nothing that a client would need to know."""

    interface: ClassVar[str] = "monitoring"
