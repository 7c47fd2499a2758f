"""What pods tell of themselves, and what of it should worry somebody."""

from __future__ import annotations

from dataclasses import dataclass

from compiler.model.resource import Manifest, Pods


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition that somebody should know of once it has lasted; `$pods` selects the pods' own."""

    name: str
    expr: str  # PromQL
    lasts: str
    summary: str
    severity: str = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Metrics of some pods of an instance, in Prometheus' format.

    Where an image has none, `exporter` is the container that has them: it joins the role's pods
    where the platform is monitored, and nowhere else.
    """

    pods: Pods
    port: int
    path: str = "/metrics"
    exporter: Manifest | None = None
    alerts: tuple[Alert, ...] = ()
