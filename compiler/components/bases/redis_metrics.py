"""Publish metrics of Redis and Valkey by oliver006's exporter, because the images have none.

The exporter logs in as the probes' user, which may only read the server's own statistics.
"""

from __future__ import annotations

from compiler import model
from compiler.kube import exporter
from compiler.model import Env

IMAGE = "docker.io/oliver006/redis_exporter:v1.80.0"
PORT = 9121
MEMORY_FULL = model.Alert(
    "MemoryNearLimit",
    "redis_memory_used_bytes{$pods} > 0.9 * redis_memory_max_bytes{$pods}",
    "5m",
    "Keys fill more than 90 % of maxmemory; soon they are evicted, or writes refused.",
)
EVICTING = model.Alert(
    "KeysEvicted",
    "increase(redis_evicted_keys_total{$pods}[10m]) > 0",
    "5m",
    "Keys are evicted to make room: features that were written are missing when they are asked for.",
)


def of(role: str, port: int) -> model.Metrics:
    env = [
        Env("REDIS_ADDR", f"redis://127.0.0.1:{port}"),
        Env("REDIS_USER", "probe"),
        Env("REDIS_PASSWORD", "none"),  # the user has none to check
        Env("REDIS_EXPORTER_CONFIG_COMMAND", "-"),  # CONFIG is an administrator's
    ]
    sidecar = exporter.container(IMAGE, PORT, env)
    return model.Metrics(pods=role, port=PORT, exporter=sidecar, alerts=(MEMORY_FULL, EVICTING))
