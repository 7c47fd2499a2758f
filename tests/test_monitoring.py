"""Monitoring: what is scraped is there, alerts read what is scraped, and without it there is none."""

from __future__ import annotations

import re

from cluster import objects, templates
from reachability import selects

from compiler.model.resource import Manifest

API = "monitoring.coreos.com/v1"
SCENARIO = "monitoring"


def monitors() -> list[Manifest]:
    return [one for one in objects(SCENARIO, "prod") if one["kind"] == "PodMonitor"]


def rules() -> list[Manifest]:
    found = [one for one in objects(SCENARIO, "prod") if one["kind"] == "PrometheusRule"]
    return [rule for one in found for group in one["spec"]["groups"] for rule in group["rules"]]


def test_every_monitor_reads_a_port_that_its_pods_open() -> None:
    pods = [one for one in templates(SCENARIO, "prod") if not one.operated]
    seen = 0
    for monitor in monitors():
        endpoint = monitor["spec"]["podMetricsEndpoints"][0]
        for pod in pods:
            same = pod.namespace == monitor["metadata"]["namespace"]
            if same and selects(monitor["spec"]["selector"], pod.labels):
                ports = [port["containerPort"] for one in pod.containers()
                         for port in one.get("ports", ())]  # fmt: skip
                assert endpoint["portNumber"] in ports, pod.name
                seen += 1
    assert seen == 4  # seaweedfs, postgres, pgbouncer, redis; the others' pods are an operator's


def test_alerts_read_what_is_scraped() -> None:
    scraped = {f"{m['metadata']['namespace']}/{m['metadata']['name']}" for m in monitors()}
    read = {job for rule in rules() for job in re.findall(r'\bjob="([^"]+)"', rule["expr"])}
    assert read
    assert read <= scraped
    assert all("$" not in rule["expr"] for rule in rules())


def test_the_pitfalls_have_alerts() -> None:
    assert {rule["alert"] for rule in rules()} == {
        "ConnectionsNearLimit", "KeysEvicted", "MemoryNearLimit", "PoolWaiting", "RunLate",
        "VolumeFilling",
    }  # fmt: skip
    cold = [one for one in objects("production", "prod") if one["kind"] == "PrometheusRule"]
    assert any("ColdStarts" in str(one) for one in cold)


def test_a_run_is_late_once_its_own_time_is_up() -> None:
    late = next(rule for rule in rules() if rule["alert"] == "RunLate")
    assert late["for"] == "14400s"


def test_without_monitoring_there_is_no_trace_of_it() -> None:
    manifests = objects(SCENARIO, "dev")
    assert [one["metadata"]["name"] for one in manifests if one["apiVersion"] == API] == []
    names = [container["name"] for one in templates(SCENARIO, "dev")
             for container in one.containers()]  # fmt: skip
    assert "exporter" not in names
    assert [one["metadata"]["name"] for one in manifests
            if "from-monitoring" in one["metadata"]["name"]] == []  # fmt: skip
