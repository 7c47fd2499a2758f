"""Metrics of MySQL by Prometheus' own exporter: the image has none.

Its user can log in only from inside the pod, and sees the server's statistics but no rows of
tables. The exporter's manual (0.19) asks for `SELECT` on everything, but its default collectors
need only `performance_schema`, `PROCESS` and `REPLICATION CLIENT`.
"""

from __future__ import annotations

from typing import Any

from compiler import model
from compiler.components.mysql import root_client
from compiler.kube import exporter
from compiler.model import Env, SecretRef

IMAGE = "quay.io/prometheus/mysqld-exporter:v0.19.0"
PORT = 9104
USER = "exporter"
NEAR_LIMIT = model.Alert(
    "ConnectionsNearLimit",
    "mysql_global_status_threads_connected{$pods} "
    "> 0.85 * mysql_global_variables_max_connections{$pods}",
    "5m",
    "More than 85 % of MySQL's connections are in use.",
    "critical",
)


def of(me: model.Instance[Any], port: int) -> model.Metrics:
    secret = f"{me.name}-exporter"
    password = SecretRef(secret, "password")
    keys = {"username": USER, "password": model.Random.PASSWORD}
    login = model.Login(
        credential=model.Credential(
            secret,
            keys,
            (me.namespace,),
            (me.name,),
            revoke_command=root_client.lockout(me, USER, "127.0.0.1"),
        ),
        created_by="ensure",
        env=(Env("EXPORTER", SecretRef(secret, "username")), Env("EXPORTER_PASSWORD", password)),
    )
    sidecar = exporter.container(
        IMAGE,
        PORT,
        [Env("MYSQLD_EXPORTER_PASSWORD", password)],
        args=[f"--mysqld.address=127.0.0.1:{port}", f"--mysqld.username={USER}"],
    )
    return model.Metrics(
        pods="server", port=PORT, exporter=sidecar, login=login, alerts=(NEAR_LIMIT,)
    )
