"""What pods tell of themselves, and what of it should worry somebody."""

from __future__ import annotations

from msgspec import Struct

from compiler.model.credential import Credential
from compiler.model.resource import Env, Manifest, Pods


class Alert(Struct, frozen=True):
    """A condition that somebody should know of once it has lasted; `$pods` selects the pods' own."""

    name: str
    expr: str  # PromQL
    lasts: str
    summary: str
    severity: str = "warning"


class Login(Struct, frozen=True, kw_only=True):
    """A login of an exporter's own, and the pods of the Job that makes it."""

    credential: Credential
    made_by: str
    env: tuple[Env, ...]  # what the Job is told


class Metrics(Struct, frozen=True, kw_only=True):
    """Metrics of some pods of an instance, in Prometheus' format.

    Where an image has none, `exporter` is the container that has them, and `login` its way in;
    where a program has them only when told so, `env` and `args` are what it is told. All four are
    for platforms that are monitored, and for no other. Where pods tell by an annotation on which
    port they have theirs, `relabelings` find it and `others` are what it may be.
    """

    pods: Pods
    port: int
    others: tuple[int, ...] = ()
    relabelings: tuple[Manifest, ...] = ()
    tls: bool = False  # with a certificate that nobody else knows
    path: str = "/metrics"
    exporter: Manifest | None = None
    login: Login | None = None
    env: tuple[Env, ...] = ()
    args: tuple[str, ...] = ()
    alerts: tuple[Alert, ...] = ()
