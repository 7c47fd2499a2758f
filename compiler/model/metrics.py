"""Metrics of pods, and alerts on them."""

from __future__ import annotations

from msgspec import Struct

from compiler.model.credential import Credential
from compiler.model.manifest import Manifest
from compiler.model.resource import Env, Pods


class Alert(Struct, frozen=True):
    """A condition that raises an alert after some time; `$pods` selects the series of its pods."""

    name: str
    expr: str  # PromQL
    lasts: str
    summary: str
    severity: str = "warning"


class Login(Struct, frozen=True, kw_only=True):
    """A separate login for an exporter, and the pods of the Job that creates it."""

    credential: Credential
    created_by: str
    env: tuple[Env, ...]  # the Job's variables


class Metrics(Struct, frozen=True, kw_only=True):
    """Metrics of some pods of an instance, in Prometheus' format.

    If an image has no metrics, `exporter` is the container that publishes them, and `login` its
    credential. If a program publishes them only when configured, `env` and `args` configure it. All
    four apply only to monitored platforms. If pods announce the port in an annotation,
    `relabelings` find it and `further_ports` lists the possible ports.
    """

    pods: Pods
    port: int
    further_ports: tuple[int, ...] = ()
    relabelings: tuple[Manifest, ...] = ()
    tls: bool = False  # whether the port uses TLS with a self-signed certificate
    path: str = "/metrics"
    exporter: Manifest | None = None
    login: Login | None = None
    env: tuple[Env, ...] = ()
    args: tuple[str, ...] = ()
    alerts: tuple[Alert, ...] = ()
