"""Metrics of PostgreSQL by Prometheus' own exporter: the image has none."""

from __future__ import annotations

from compiler import model
from compiler.kube import exporter
from compiler.model import Env

IMAGE = "quay.io/prometheuscommunity/postgres-exporter:v0.17.1"
PORT = 9187
NEAR_LIMIT = model.Alert(
    "ConnectionsNearLimit",
    "sum(pg_stat_activity_count{$pods}) > 0.85 * max(pg_settings_max_connections{$pods})",
    "5m",
    "More than 85 % of PostgreSQL's connections are in use; a pooler, or smaller pools, spare them.",
    "critical",
)


def of() -> model.Metrics:
    """The metrics. The exporter needs no password: the image trusts connections from inside the pod."""
    env = [
        Env("DATA_SOURCE_URI", "127.0.0.1:5432/postgres?sslmode=disable"),
        Env("DATA_SOURCE_USER", "postgres"),
    ]
    sidecar = exporter.container(IMAGE, PORT, env)
    return model.Metrics(pods="server", port=PORT, exporter=sidecar, alerts=(NEAR_LIMIT,))
