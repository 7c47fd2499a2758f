"""Build exporters: sidecars that publish a server's metrics if its own image cannot."""

from __future__ import annotations

from collections.abc import Sequence

from compiler import kube, model
from compiler.model import Env

PORT = "http-metrics"


def container(
    image: str, port: int, env: Sequence[Env], *, args: Sequence[str] = (),
    volumes: Sequence[kube.Volume] = (),
) -> model.Manifest:  # fmt: skip
    """The sidecar, with few resources. If it fails, its scrape fails too, which raises an alert."""
    exporter = kube.Container(
        "exporter",
        image,
        kube.resources(
            model.Resources(), cpu="20m", memory="32Mi", cpu_limit="200m", memory_limit="128Mi"
        ),
        args=args,
        env=env,
        ports={PORT: port},
        liveness=kube.tcp_probe(PORT, period=20, failures=6),
    )
    return exporter.manifest(volumes)
