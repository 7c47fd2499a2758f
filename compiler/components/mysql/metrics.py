"""Metrics of MySQL, by Prometheus' own exporter: the image has none."""

from __future__ import annotations

from compiler import model
from compiler.lowering import exporter
from compiler.model import Env, SecretRef

IMAGE = "quay.io/prometheus/mysqld-exporter:v0.19.0"
PORT = 9104
NEAR_LIMIT = model.Alert(
    "ConnectionsNearLimit",
    "mysql_global_status_threads_connected{$pods} "
    "> 0.85 * mysql_global_variables_max_connections{$pods}",
    "5m",
    "More than 85 % of MySQL's connections are in use.",
    "critical",
)


def of(root: str, port: int) -> model.Metrics:
    sidecar = exporter.container(
        IMAGE,
        PORT,
        [Env("MYSQLD_EXPORTER_PASSWORD", SecretRef(root, "password"))],
        args=[f"--mysqld.address=127.0.0.1:{port}", "--mysqld.username=root"],
    )
    return model.Metrics(pods="server", port=PORT, exporter=sidecar, alerts=(NEAR_LIMIT,))
