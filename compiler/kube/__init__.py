"""Builders of Kubernetes objects that several components share."""

from compiler.kube import authorities
from compiler.kube.access import cluster_role_in, role
from compiler.kube.account import service_account
from compiler.kube.client import Client, client
from compiler.kube.container import Container, name_env, own_env, pulled, suffix, unique, user_env
from compiler.kube.labels import metadata, selector
from compiler.kube.network import ANYWHERE, EVERY_ADDRESS, api_server, headless, service
from compiler.kube.pod import pod, pod_labels, pull_secrets, scheduling
from compiler.kube.probes import exec_probe, http_probe, tcp_probe
from compiler.kube.resources import resources
from compiler.kube.security import LOCKED, UNPRIVILEGED, USER
from compiler.kube.setup_job import setup_job
from compiler.kube.template import render
from compiler.kube.volumes import TMP, Volume, config, empty_dir, volume_claim
from compiler.kube.workload import cron_job, deployment, job, stateful_set

__all__ = [
    "ANYWHERE", "EVERY_ADDRESS", "LOCKED", "TMP", "UNPRIVILEGED", "USER", "Client", "Container", "Volume", "api_server", "authorities",
    "client", "cluster_role_in", "config", "cron_job", "deployment", "empty_dir", "exec_probe", "headless", "http_probe",
    "job", "metadata", "name_env", "own_env", "pod", "pod_labels", "pull_secrets", "pulled", "render", "resources", "role", "scheduling", "selector",
    "service", "service_account", "setup_job", "stateful_set", "suffix", "tcp_probe", "unique", "user_env", "volume_claim",
]  # fmt: skip
