"""Builders of Kubernetes objects that several components share."""

from compiler.kube.access import role
from compiler.kube.account import service_account
from compiler.kube.client import Client, client
from compiler.kube.compute import GPU, compute
from compiler.kube.container import Container, person, unique
from compiler.kube.labels import metadata, selector
from compiler.kube.network import EVERY_ADDRESS, api_server, headless, service
from compiler.kube.pod import place, pod, pod_labels
from compiler.kube.probes import exec_probe, http_probe, tcp_probe
from compiler.kube.security import LOCKED, UNPRIVILEGED, USER
from compiler.kube.setup_job import errand
from compiler.kube.template import render
from compiler.kube.volumes import TMP, Volume, config, scratch, volume_claim
from compiler.kube.workload import cron_job, deployment, job, stateful_set

__all__ = [
    "EVERY_ADDRESS", "GPU", "LOCKED", "TMP", "UNPRIVILEGED", "USER", "Client", "Container", "Volume", "api_server",
    "client", "compute", "config", "cron_job", "deployment", "errand", "exec_probe", "headless", "http_probe",
    "job", "metadata", "person", "place", "pod", "pod_labels", "render", "role", "scratch", "selector",
    "service", "service_account", "stateful_set", "tcp_probe", "unique", "volume_claim",
]  # fmt: skip
