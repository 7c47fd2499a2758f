"""Metrics of PostgreSQL, by Prometheus' own exporter: the image has none.

That a registry has the exporter's tag has not been verified.
"""

from __future__ import annotations

from typing import Any

from compiler import kube, model
from compiler.model import Env, SecretRef

IMAGE = "quay.io/prometheuscommunity/postgres-exporter:v0.17.1"
PORT = 9187
NEAR_LIMIT = model.Alert(
    "ConnectionsNearLimit",
    "sum(pg_stat_activity_count{$pods}) > 0.85 * max(pg_settings_max_connections{$pods})",
    "5m",
    "More than 85 % of PostgreSQL's connections are in use; a pooler, or smaller pools, spare them.",
    "critical",
)


def of(me: model.Instance[Any], superuser: str) -> model.Metrics:
    exporter = kube.Container(
        "exporter",
        IMAGE,
        kube.compute(
            model.Resources(), cpu="20m", memory="32Mi", cpu_limit="200m", memory_limit="128Mi"
        ),
        env=[
            Env("DATA_SOURCE_URI", "127.0.0.1:5432/postgres?sslmode=disable"),
            Env("DATA_SOURCE_USER", SecretRef(superuser, "username")),
            Env("DATA_SOURCE_PASS", SecretRef(superuser, "password")),
        ],
        ports={"http-metrics": PORT},
        liveness=kube.tcp_probe("http-metrics", period=20, failures=6),
    )
    return model.Metrics(
        pods="server", port=PORT, exporter=exporter.manifest(()), alerts=(NEAR_LIMIT,)
    )
