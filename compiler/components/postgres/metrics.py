"""Metrics of PostgreSQL by Prometheus' own exporter: the image has none.

Its login has `pg_monitor`: it sees the server's statistics, and no rows of tables.
"""

from __future__ import annotations

from typing import Any

from compiler import model
from compiler.components.postgres import lockout
from compiler.kube import exporter
from compiler.model import Env, SecretRef

IMAGE = "quay.io/prometheuscommunity/postgres-exporter:v0.17.1"
PORT = 9187
USER = "platformc_exporter"
NEAR_LIMIT = model.Alert(
    "ConnectionsNearLimit",
    "sum(pg_stat_activity_count{$pods}) > 0.85 * max(pg_settings_max_connections{$pods})",
    "5m",
    "More than 85 % of PostgreSQL's connections are in use; a pooler, or smaller pools, spare them.",
    "critical",
)


def of(me: model.Instance[Any], port: int) -> model.Metrics:
    """The exporter, and the login that the Job of the server's roles makes for it."""
    secret = f"{me.name}-exporter"
    username, password = SecretRef(secret, "username"), SecretRef(secret, "password")
    keys = {"username": USER, "password": model.Random.PASSWORD}
    login = model.Login(
        credential=model.Credential(
            secret, keys, (me.namespace,), (me.name,), revoke_command=lockout.command(me, USER)
        ),
        created_by="ensure",
        env=(Env("EXPORTER", username), Env("EXPORTER_PASSWORD", password)),
    )
    env = [
        Env("DATA_SOURCE_URI", f"127.0.0.1:{port}/postgres?sslmode=disable"),
        Env("DATA_SOURCE_USER", username),
        Env("DATA_SOURCE_PASS", password),
    ]
    sidecar = exporter.container(IMAGE, PORT, env)
    return model.Metrics(
        pods="server", port=PORT, exporter=sidecar, login=login, alerts=(NEAR_LIMIT,)
    )
