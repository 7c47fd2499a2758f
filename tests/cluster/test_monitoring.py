"""Prometheus under its operator: it finds the target of every monitor that is compiled, reaches it through
the network policies, and takes every rule. PgBouncer is left out: its exporter cannot be had here."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from cluster.node import Node, free_port
from cluster.platforms import deliver

pytestmark = [pytest.mark.live, pytest.mark.cluster, pytest.mark.soak]

SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: monitored}
spec:
  components:
    monitoring: {interval: 10s}
    seaweedfs: {storage: 2Gi}
    postgres: {storage: 1Gi}
    redis: {memory: 256Mi}
    mlflow: {workers: 1, smoke: false}
    lakefs: {}
    feast: {offlineStore: file}
"""


@pytest.fixture(scope="module")
def platform(node: Node, folder: Path) -> Node:
    deliver(node, folder, SPEC)
    return node


@pytest.fixture(scope="module")
def prometheus(platform: Node) -> Iterator[str]:
    """The address of Prometheus, on a port of this machine."""
    platform.until(lambda: "prometheus-prometheus-0" in _ready(platform), "Prometheus", 300)
    port = free_port()
    words = [
        "kubectl",
        "port-forward",
        "-n",
        "monitoring",
        "prometheus-prometheus-0",
        f"{port}:9090",
    ]
    process = subprocess.Popen(words, env=platform.env, stdout=subprocess.DEVNULL)
    yield f"http://localhost:{port}/api/v1"
    process.terminate()
    process.wait(30)


def test_every_monitor_has_targets_and_all_answer(platform: Node, prometheus: str) -> None:
    kinds = ("servicemonitors", "podmonitors")
    compiled = {_monitor(item) for kind in kinds for item in platform.get(kind, "-A")["items"]}
    assert len(compiled) >= 6
    platform.until(lambda: _answering(prometheus) >= compiled, "answer of every target", 300)
    targets = _ask(f"{prometheus}/targets?state=active")["activeTargets"]
    assert {target["health"] for target in targets} == {"up"}, targets


def test_every_rule_is_taken(platform: Node, prometheus: str) -> None:
    compiled = {
        rule["alert"]
        for item in platform.get("prometheusrules", "-A")["items"]
        for group in item["spec"]["groups"]
        for rule in group["rules"]
    }
    assert compiled
    platform.until(lambda: _healthy_rules(prometheus) == compiled, "rules that are evaluated", 180)


def _ready(node: Node) -> list[str]:
    pods = node.get("pods", "-n", "monitoring")["items"]
    return [
        pod["metadata"]["name"]
        for pod in pods
        if any(
            condition["type"] == "Ready" and condition["status"] == "True"
            for condition in pod["status"].get("conditions", [])
        )
    ]


def _monitor(item: dict[str, Any]) -> str:
    metadata = item["metadata"]
    kind = item["kind"][0].lower() + item["kind"][1:]
    return f"{kind}/{metadata['namespace']}/{metadata['name']}/0"


def _answering(address: str) -> set[str]:
    """The monitors with a target that answers; those with one that does not are left out."""
    targets = _ask(f"{address}/targets?state=active")["activeTargets"]
    down = {target["scrapePool"] for target in targets if target["health"] != "up"}
    return {target["scrapePool"] for target in targets} - down


def _healthy_rules(address: str) -> set[str]:
    groups = _ask(f"{address}/rules")["groups"]
    return {rule["name"] for group in groups for rule in group["rules"] if rule["health"] == "ok"}


def _ask(address: str) -> Any:
    try:
        with urlopen(address, timeout=30) as answer:
            return json.load(answer)["data"]
    except ConnectionError:
        return {"activeTargets": [], "groups": []}
