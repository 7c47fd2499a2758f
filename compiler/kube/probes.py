"""Probes, with the patience that busy servers need."""

from __future__ import annotations

from collections.abc import Sequence

from compiler.kube.client import Client, client
from compiler.kube.compute import GPU, compute
from compiler.kube.container import Container, unique
from compiler.kube.labels import metadata, selector
from compiler.kube.pod import place, pod, pod_labels
from compiler.kube.security import LOCKED, UNPRIVILEGED, USER
from compiler.kube.volumes import Volume, config, scratch, volume_claim
from compiler.kube.workload import cron_job, deployment, job, stateful_set
from compiler.model.instance import PREFIX
from compiler.model.resource import Manifest


def http_probe(path: str, port: str, *, period: int = 10, failures: int = 3) -> Manifest:
    """A probe by HTTP; five seconds to answer, since a busy Python server needs more than one."""
    return {
        "httpGet": {"path": path, "port": port},
        "periodSeconds": period,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }


def tcp_probe(port: str, *, period: int = 10, failures: int = 3) -> Manifest:
    """A probe by connecting."""
    return {
        "tcpSocket": {"port": port},
        "periodSeconds": period,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }


def exec_probe(command: Sequence[str], *, period: int = 10, failures: int = 3) -> Manifest:
    """A probe by a command in the container."""
    return {
        "exec": {"command": list(command)},
        "periodSeconds": period,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }


__all__ = [
    "GPU", "LOCKED", "PREFIX", "UNPRIVILEGED", "USER", "Client", "Container", "Volume",
    "client", "compute", "config", "cron_job", "deployment", "exec_probe", "http_probe", "job", "metadata",
    "place", "pod", "pod_labels", "scratch", "selector", "stateful_set", "tcp_probe", "unique",
    "volume_claim",
]  # fmt: skip
