"""Monitoring: a Prometheus that finds its targets through the objects of its operator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from compiler import model


class Claim(model.Claim, frozen=True, kw_only=True):
    """Not claimed by any component: monitoring covers all of them."""


class Offer(model.Offer, frozen=True, kw_only=True):
    """A Prometheus: the labels of its pods, and the labels of the objects that it selects."""

    namespace: str
    scraper: Mapping[str, str]
    selects: Mapping[str, str]
    interval: str


class Endpoint(model.Endpoint, frozen=True, kw_only=True):
    """Empty: clients need no settings."""

    interface: ClassVar[str] = "monitoring"
