"""Builders of Kubernetes objects that several components share."""

from compiler.kube.access import role
from compiler.kube.account import service_account
from compiler.kube.network import api_server, headless, service
from compiler.kube.template import render
from compiler.kube.workload import (
    GPU,
    LOCKED,
    UNPRIVILEGED,
    USER,
    Client,
    Container,
    Volume,
    client,
    compute,
    config,
    cron_job,
    deployment,
    exec_probe,
    http_probe,
    job,
    metadata,
    place,
    pod,
    pod_labels,
    scratch,
    selector,
    stateful_set,
    tcp_probe,
    unique,
    volume_claim,
)

__all__ = [
    "GPU", "LOCKED", "UNPRIVILEGED", "USER", "Client", "Container", "Volume", "api_server",
    "client", "compute", "config", "cron_job", "deployment", "exec_probe", "headless", "http_probe",
    "job", "metadata", "place", "pod", "pod_labels", "render", "role", "scratch", "selector", "service",
    "service_account", "stateful_set", "tcp_probe", "unique", "volume_claim",
]  # fmt: skip
