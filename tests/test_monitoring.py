"""Monitoring: what is scraped is there, alerts read what is scraped, and without it there is none."""

from __future__ import annotations

import re

from support.cluster import objects, templates
from support.custom_resources import as_resource
from support.reachability import selects

from compiler.model.resource import Manifest

API = "monitoring.coreos.com/v1"
SCENARIO = "monitoring"


def monitors(kind: str) -> list[Manifest]:
    return [one for one in objects(SCENARIO, "prod") if one["kind"] == kind]


def rules() -> list[Manifest]:
    found = monitors("PrometheusRule")
    return [rule for one in found for group in one["spec"]["groups"] for rule in group["rules"]]


def scraped(monitor: Manifest) -> Manifest:
    """The one Service that a ServiceMonitor finds."""
    (found,) = [
        one for one in objects(SCENARIO, "prod")
        if one["kind"] == "Service"
        and one["metadata"]["namespace"] == monitor["metadata"]["namespace"]
        and selects(monitor["spec"]["selector"], one["metadata"]["labels"])
    ]  # fmt: skip
    return found


def test_every_service_monitor_finds_one_service_whose_pods_open_the_port() -> None:
    seen = []
    for monitor in monitors("ServiceMonitor"):
        service = scraped(monitor)
        (endpoint,) = monitor["spec"]["endpoints"]
        (target,) = [port["targetPort"] for port in service["spec"]["ports"]
                     if port["name"] == endpoint["port"]]  # fmt: skip
        pods = [
            pod for pod in templates(SCENARIO, "prod")
            if pod.namespace == service["metadata"]["namespace"]
            and service["spec"]["selector"].items() <= pod.labels.items()
        ]  # fmt: skip
        assert pods
        for pod in pods:
            opened = [port["containerPort"] for container in pod.containers()
                      for port in container.get("ports", ())]  # fmt: skip
            assert target in opened, pod.name
        seen.append((service["metadata"]["name"], endpoint["port"]))
    assert sorted(seen) == [
        ("feast", "http-metrics"),
        ("lakefs", "http-lakefs"),
        ("mlflow", "http-mlflow"),
        ("mysql", "http-metrics"),
        ("pgbouncer", "http-metrics"),
        ("postgres", "http-metrics"),
        ("redis", "http-metrics"),
        ("research", "http-mlflow"),
        ("seaweedfs-headless", "http-metrics"),
    ]


def test_pods_of_an_operator_have_no_service_of_ours() -> None:
    names = [monitor["metadata"]["name"] for monitor in monitors("PodMonitor")]
    assert sorted(names) == ["clusters-pool-poolers-monitoring", "clusters-servers-monitoring"]


def endpoints(scenario: str, environment: str) -> dict[str, Manifest]:
    """How pods that have no Service of ours are scraped, by monitor."""
    return {
        one["metadata"]["name"]: one["spec"]["podMetricsEndpoints"][0]
        for one in objects(scenario, environment)
        if one["kind"] == "PodMonitor"
    }


def test_models_and_those_who_run_them_are_scraped_once_for_all() -> None:
    ports = {name: one.get("portNumber") for name, one in endpoints("production", "prod").items()}
    assert ports == {
        "argo-workflows-controller-monitoring": 9090,
        "knative-servers-monitoring": 9090,
        "models-mlops-model-monitoring": 9091,
    }


def test_a_runtime_says_itself_where_its_metrics_are() -> None:
    found = endpoints("oss-mlops", "default")["models-mlops-model-monitoring"]
    keep, address = found["relabelings"]
    assert keep["regex"] == "kserve-container;true"
    assert address["targetLabel"] == "__address__"
    (way,) = [one for one in objects("oss-mlops", "default") if one["kind"] == "NetworkPolicy"
              and one["metadata"]["name"] == "models-mlops-model-from-monitoring"]  # fmt: skip
    assert {port["port"] for port in way["spec"]["ingress"][0]["ports"]} == {8002, 8080, 8082}


def test_pods_of_models_bear_the_labels_by_which_they_are_scraped() -> None:
    served = (("production", "prod"), ("oss-mlops", "default"), ("seldon", "default"))
    for scenario, environment in served:
        (monitor,) = [one for one in objects(scenario, environment)
                      if one["metadata"]["name"] == "models-mlops-model-monitoring"]  # fmt: skip
        models = [one for one in objects(scenario, environment)
                  if one["kind"] in ("InferenceService", "SeldonDeployment")]  # fmt: skip
        assert models
        assert all(
            selects(monitor["spec"]["selector"], as_resource(model).pod_labels) for model in models
        )


def test_alerts_read_what_is_scraped() -> None:
    jobs = {f"{m['metadata']['namespace']}/{m['metadata']['name']}" for m in monitors("PodMonitor")}
    services = [scraped(monitor)["metadata"] for monitor in monitors("ServiceMonitor")]
    pairs = {(service["namespace"], service["name"]) for service in services}
    own = re.compile(r'(?:namespace="([^"]+)",)?\bjob="([^"]+)"')
    read = {found for rule in rules() for found in own.findall(rule["expr"])}
    assert read
    assert {job for space, job in read if not space} <= jobs
    assert {found for found in read if found[0]} <= pairs
    assert all("$" not in rule["expr"] for rule in rules())


def program(environment: str, name: str) -> Manifest:
    """What a Deployment runs."""
    (owner,) = [
        one for one in objects(SCENARIO, environment)
        if one["kind"] == "Deployment" and one["metadata"]["name"] == name
    ]  # fmt: skip
    found: Manifest = owner["spec"]["template"]["spec"]["containers"][0]
    return found


def variables(environment: str, name: str) -> dict[str, str | None]:
    return {one["name"]: one.get("value") for one in program(environment, name)["env"]}


def test_programs_are_told_to_count_where_somebody_looks() -> None:
    assert variables("prod", "mlflow")["MLFLOW_EXPOSE_PROMETHEUS"] == "/tmp/metrics"
    assert program("prod", "feast")["command"][-1] == "--metrics"
    assert "MLFLOW_EXPOSE_PROMETHEUS" not in variables("dev", "mlflow")
    assert "--metrics" not in program("dev", "feast")["command"]


def test_features_are_stale_after_the_longest_wait_and_a_run() -> None:
    (stale,) = [rule for rule in rules() if rule["alert"] == "FeaturesStale"]
    assert stale["expr"].endswith(f"> {3600 + 900}")


def test_the_pitfalls_have_alerts() -> None:
    assert {rule["alert"] for rule in rules()} == {
        "ConnectionsNearLimit", "FeaturesStale", "KeysEvicted", "MemoryNearLimit", "PoolWaiting",
        "RequestsFailing", "RunLate", "VolumeFilling",
    }  # fmt: skip
    cold = [one for one in objects("production", "prod") if one["kind"] == "PrometheusRule"]
    assert any("ColdStarts" in str(one) for one in cold)


def test_a_run_is_late_once_its_own_time_is_up() -> None:
    late = [rule["for"] for rule in rules() if rule["alert"] == "RunLate"]
    assert sorted(late) == ["14400s", "900s"]


def test_without_monitoring_there_is_no_trace_of_it() -> None:
    manifests = objects(SCENARIO, "dev")
    assert [
        manifest["metadata"]["name"] for manifest in manifests if manifest["apiVersion"] == API
    ] == []
    marks = [label for manifest in manifests for label in manifest["metadata"].get("labels", ())]
    assert [label for label in marks if label.startswith("scraped.")] == []
    names = [container["name"] for template in templates(SCENARIO, "dev")
             for container in template.containers()]  # fmt: skip
    assert "exporter" not in names
    assert [manifest["metadata"]["name"] for manifest in manifests
            if "from-monitoring" in manifest["metadata"]["name"]] == []  # fmt: skip
