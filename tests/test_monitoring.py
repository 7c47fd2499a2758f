"""Monitoring: scraped metrics are there, alerts read them, and without it there is none."""

from __future__ import annotations

import re

import pytest
from support.cluster import objects, templates
from support.custom_resources import as_resource
from support.diagnosing import HEADER, compiled, diagnosed
from support.reachability import selects

from compiler.components import monitoring
from compiler.model.manifest import Manifest
from compiler.model.resource import pod_template

API = "monitoring.coreos.com/v1"
SCENARIO = "monitoring"


def monitors(kind: str) -> list[Manifest]:
    return [manifest for manifest in objects(SCENARIO, "prod") if manifest["kind"] == kind]


def rules() -> list[Manifest]:
    actual = monitors("PrometheusRule")
    return [
        rule
        for manifest in actual
        for group in manifest["spec"]["groups"]
        for rule in group["rules"]
    ]


def scraped(monitor: Manifest) -> Manifest:
    """The one Service that a ServiceMonitor finds."""
    (actual,) = [
        manifest for manifest in objects(SCENARIO, "prod")
        if manifest["kind"] == "Service"
        and manifest["metadata"]["namespace"] == monitor["metadata"]["namespace"]
        and selects(monitor["spec"]["selector"], manifest["metadata"]["labels"])
    ]  # fmt: skip
    return actual


def test_every_service_monitor_finds_one_service_whose_pods_open_the_port() -> None:
    monitored = []
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
        monitored.append((service["metadata"]["name"], endpoint["port"]))
    assert sorted(monitored) == [
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
        manifest["metadata"]["name"]: manifest["spec"]["podMetricsEndpoints"][0]
        for manifest in objects(scenario, environment)
        if manifest["kind"] == "PodMonitor"
    }


def test_models_and_those_who_run_them_are_scraped_once_for_all() -> None:
    ports = {
        name: endpoint.get("portNumber")
        for name, endpoint in endpoints("production", "prod").items()
    }
    assert ports == {
        "argo-workflows-controller-monitoring": 9090,
        "knative-servers-monitoring": 9090,
        "models-mlops-model-monitoring": 9091,
    }


def test_a_runtime_says_itself_where_its_metrics_are() -> None:
    actual = endpoints("oss-mlops", "default")["models-mlops-model-monitoring"]
    keep, address = actual["relabelings"]
    assert keep["regex"] == "kserve-container;true"
    assert address["targetLabel"] == "__address__"
    (policy,) = [manifest for manifest in objects("oss-mlops", "default") if manifest["kind"] == "NetworkPolicy"
              and manifest["metadata"]["name"] == "models-mlops-model-from-monitoring"]  # fmt: skip
    assert {port["port"] for port in policy["spec"]["ingress"][0]["ports"]} == {8002, 8080, 8082}


def test_pods_of_models_bear_the_labels_by_which_they_are_scraped() -> None:
    served = (("production", "prod"), ("oss-mlops", "default"), ("seldon", "default"))
    for scenario, environment in served:
        (monitor,) = [manifest for manifest in objects(scenario, environment)
                      if manifest["metadata"]["name"] == "models-mlops-model-monitoring"]  # fmt: skip
        models = [manifest for manifest in objects(scenario, environment)
                  if manifest["kind"] in ("InferenceService", "SeldonDeployment")]  # fmt: skip
        assert models
        assert all(
            selects(monitor["spec"]["selector"], as_resource(model).pod_labels) for model in models
        )


def test_alerts_read_what_is_scraped() -> None:
    jobs = {f"{m['metadata']['namespace']}/{m['metadata']['name']}" for m in monitors("PodMonitor")}
    services = [scraped(monitor)["metadata"] for monitor in monitors("ServiceMonitor")]
    pairs = {(service["namespace"], service["name"]) for service in services}
    job_pattern = re.compile(r'(?:namespace="([^"]+)",)?\bjob="([^"]+)"')
    read = {match for rule in rules() for match in job_pattern.findall(rule["expr"])}
    assert read
    assert {job for space, job in read if not space} <= jobs
    assert {actual for actual in read if actual[0]} <= pairs
    assert all("$" not in rule["expr"] for rule in rules())


def program(environment: str, name: str) -> Manifest:
    """The containers of a Deployment."""
    (owner,) = [
        manifest for manifest in objects(SCENARIO, environment)
        if manifest["kind"] == "Deployment" and manifest["metadata"]["name"] == name
    ]  # fmt: skip
    actual: Manifest = owner["spec"]["template"]["spec"]["containers"][0]
    return actual


def variables(environment: str, name: str) -> dict[str, str | None]:
    return {
        variable["name"]: variable.get("value") for variable in program(environment, name)["env"]
    }


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
    cold = [
        manifest
        for manifest in objects("production", "prod")
        if manifest["kind"] == "PrometheusRule"
    ]
    assert any("ColdStarts" in str(alert) for alert in cold)


def test_a_run_is_late_once_its_own_time_is_up() -> None:
    late = [rule["for"] for rule in rules() if rule["alert"] == "RunLate"]
    assert sorted(late) == ["14400s", "900s"]


def test_a_run_that_was_never_started_is_late_too() -> None:
    """A suspended CronJob: its last start stays before its last success."""
    ages = [rule["expr"].split(" > ")[-1] for rule in rules() if rule["alert"] == "RunLate"]
    assert sorted(ages) == [str(86400 + 14400), str(3600 + 900)]  # once a day, and once an hour


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


@pytest.mark.parametrize("key", ["scraper", "selects"])
@pytest.mark.parametrize("label", ['"a b": x', 'release: "a b"'])
def test_labels_that_no_object_can_bear_are_refused(key: str, label: str) -> None:
    spec = f"{HEADER}spec:\n  components: {{monitoring: {{{key}: {{{label}}}}}}}\n"
    assert [diagnostic.code for diagnostic in diagnosed(spec.encode())] == ["invalid-label"]


def test_a_program_cannot_use_what_gives_it_nothing() -> None:
    text = f"{HEADER}spec:\n  components: {{monitoring: {{}}}}\n  workloads: {{w: {{image: 'a.b/c:1', uses: [monitoring]}}}}\n"
    (error,) = (d for d in diagnosed(text.encode()) if d.severity == "error")
    assert (error.code, error.message) == ("unknown-binding", "`monitoring` offers nothing to use")


def test_a_second_prometheus_changes_no_pod() -> None:
    """A pod has one exporter, however many servers read it: the API server refuses two of one name."""
    spec = (
        f"{HEADER}spec:\n  components:\n    {{seaweedfs: {{}}, postgres: {{}}, pgbouncer: {{}}, redis: {{}}, "
        "mlflow: {}, lakefs: {}, monitoring: {}, SECOND}\n"
    )
    second = "audit: {type: monitoring, namespace: audit, selects: {release: audit}}"
    alone, both = (
        compiled(spec.replace("SECOND", words).encode()).lowered[None] for words in ("", second)
    )
    for name, package in alone.packages.items():
        templates_of = [
            [pod_template(resource.manifest) for resource in changed.resources]
            for changed in (package, both.packages[name])
        ]
        actual = [[template for template in pods if template] for pods in templates_of]
        assert actual[0] == actual[1], name
    monitors_of_both = [
        resource
        for package in both.packages.values()
        for resource in package.resources
        if resource.kind == "ServiceMonitor"
    ]
    assert sum(resource.name.endswith("-audit") for resource in monitors_of_both) * 2 == len(
        monitors_of_both
    )


@pytest.mark.parametrize(("interval", "codes"), [("120s", []), ("121s", ["out-of-range"])])
def test_alerts_see_two_samples_within_five_minutes(interval: str, codes: list[str]) -> None:
    windows = [
        int(minutes)
        for rule in rules()
        for minutes in re.findall(r"(?:rate|increase)\(\S+\[(\d+)m\]", rule["expr"])
    ]
    assert min(windows) * 60 >= 2 * monitoring.LONGEST_INTERVAL
    spec = f"{HEADER}spec:\n  components: {{monitoring: {{interval: {interval}}}}}\n"
    assert [finding.code for finding in diagnosed(spec.encode())] == codes
