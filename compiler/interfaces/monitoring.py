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


class Endpoint(model.Endpoint[Claim, Offer], frozen=True, kw_only=True):
    """Empty: clients need no settings."""

    interface: ClassVar[str] = "monitoring"
    for_clients: ClassVar[bool] = False  # a program that uses it would get nothing


API = "monitoring.coreos.com/v1"
_TAKEN_OVER = (model.Effect("spec(/.*)?", model.Risk.RELOAD, "its controller takes it over"),)
SERVICE_MONITOR = model.CustomResource(
    api=API, kind="ServiceMonitor", is_rule=True, effects=_TAKEN_OVER
)
POD_MONITOR = model.CustomResource(api=API, kind="PodMonitor", is_rule=True, effects=_TAKEN_OVER)
RULE = model.CustomResource(api=API, kind="PrometheusRule", is_rule=True, effects=_TAKEN_OVER)


def resource(
    custom: model.CustomResource, me: model.Instance[object], name: str, offer: Offer,
    spec: model.Manifest,
) -> model.Resource:  # fmt: skip
    """An object of the Prometheus operator, with the labels by which its Prometheus selects it."""
    metadata = {"name": name, "namespace": me.namespace, "labels": dict(offer.selects)}
    return model.Resource.of(custom, metadata, spec)
