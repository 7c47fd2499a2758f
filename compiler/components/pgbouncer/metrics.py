"""Metrics of PgBouncer by Prometheus' own exporter: the image has none.

PgBouncer admits the user that it runs as to its console over the Unix socket, without a password:
the exporter runs as that user, and both containers share the pod's `/tmp`.
"""

from __future__ import annotations

from compiler import kube, model
from compiler.kube import exporter
from compiler.model import Env

IMAGE = "quay.io/prometheuscommunity/pgbouncer-exporter:v0.11.0"
PORT = 9127
SUMMARY = "Clients wait for a connection to PostgreSQL: the pool is too small for them."
WAITING = model.Alert(
    "PoolWaiting", "sum(pgbouncer_pools_client_waiting_connections{$pods}) > 0", "5m", SUMMARY
)
# As CloudNativePG's own exporter names it.
OPERATED = model.Alert(
    "PoolWaiting", "sum(cnpg_pgbouncer_pools_cl_waiting{$pods}) > 0", "5m", SUMMARY
)


def of(port: int) -> model.Metrics:
    query = f"host=/tmp&port={port}&user=pgbouncer&sslmode=disable"
    sidecar = exporter.container(
        IMAGE,
        PORT,
        [Env("PGBOUNCER_EXPORTER_CONNECTION_STRING", f"postgres:///pgbouncer?{query}")],
        volumes=[kube.Volume("tmp", {}, kube.TMP)],
    )
    return model.Metrics(pods="server", port=PORT, exporter=sidecar, alerts=(WAITING,))
