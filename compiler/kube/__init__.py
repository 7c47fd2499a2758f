"""Builders of Kubernetes objects that several components share."""

from compiler.kube.network import headless, service
from compiler.kube.template import render
from compiler.kube.workload import (
    GPU,
    USER,
    Client,
    Container,
    Volume,
    client,
    compute,
    config,
    deployment,
    exec_probe,
    http_probe,
    job,
    metadata,
    pod,
    scratch,
    selector,
    stateful_set,
    tcp_probe,
    unique,
    volume_claim,
)

__all__ = [
    "GPU", "USER", "Client", "Container", "Volume", "client", "compute", "config", "deployment",
    "exec_probe", "headless", "http_probe", "job", "metadata", "pod", "render", "scratch",
    "selector", "service", "stateful_set", "tcp_probe", "unique", "volume_claim",
]  # fmt: skip
