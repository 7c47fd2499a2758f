"""Requests of models: copies for a sink, batches, and transformers before the server."""

from __future__ import annotations

from typing import Any

import pytest
from support.cluster import objects

from compiler import pipeline
from compiler.model import Manifest


def service(name: str, environment: str = "small", component: str = "predictor") -> dict[str, Any]:
    """A component of a model's InferenceService."""
    (manifest,) = [manifest for manifest in objects("model-servers", environment)
                   if manifest["kind"] == "InferenceService" and manifest["metadata"]["name"] == name]  # fmt: skip
    fields: dict[str, Any] = manifest["spec"][component]
    return fields


def policy(name: str, environment: str = "small") -> Manifest:
    (manifest,) = [manifest for manifest in objects("model-servers", environment)
                   if manifest["kind"] == "NetworkPolicy" and manifest["metadata"]["name"] == name]  # fmt: skip
    return manifest


def test_copies_go_to_a_service_outside() -> None:
    assert service("ranker")["logger"] == {
        "mode": "all",
        "url": "https://events.example.internal/inference",
        "metadataHeaders": ["X-Request-Id"],  # as Go names it
    }
    rule = policy("events-service-clients")["spec"]["egress"][0]
    assert rule["to"] == [{"ipBlock": {"cidr": "10.20.0.0/16"}}]


def test_copies_go_to_another_model_and_batches_to_the_server() -> None:
    predictor = service("iris")
    assert predictor["batcher"] == {"maxBatchSize": 64, "maxLatency": 50}
    assert predictor["logger"] == {
        "mode": "request",
        "url": "http://drift-predictor.mlops.svc.cluster.local/events",
    }


@pytest.mark.parametrize(
    ("model", "environment", "port"),
    [
        ("ranker", "small", 9081),
        ("iris", "small", 8080),  # of its transformer
        ("drift", "small", 8080),
        ("ranker", "big", 8012),
        ("iris", "big", 8012),
    ],
)
def test_callers_reach_the_first_container(model: str, environment: str, port: int) -> None:
    """In serverless mode, that is Knative's queue-proxy, which hands requests to the agent."""
    (rule,) = policy(f"{model}-inference", environment)["spec"]["ingress"]
    assert [entry["port"] for entry in rule["ports"]] == [port]


def test_the_gateway_reaches_the_agent() -> None:
    ports = {
        entry["port"]
        for manifest in objects("model-servers", "small")
        if manifest["kind"] == "NetworkPolicy" and "gateway" in manifest["metadata"]["name"]
        for rule in manifest["spec"].get("ingress", ())
        for entry in rule["ports"]
    }
    assert {8080, 9000, 9081} <= ports


def test_a_sink_is_no_variable_of_the_server() -> None:
    (container,) = service("ranker")["containers"]
    assert not any(entry["name"].startswith("EVENTS_") for entry in container["env"])


def test_a_transformer_reads_features_and_the_server_does_not() -> None:
    (container,) = service("iris", component="transformer")["containers"]
    env = {entry["name"]: entry for entry in container["env"]}
    assert env["REDIS_PASSWORD"]["valueFrom"]["secretKeyRef"]["name"] == "iris-transformer-redis"
    assert container["args"] == ["--workers=2"]  # the model speaks v1, the default of KServe's SDK
    uses = "uses.platformc.dev/redis-keys"
    assert uses in service("iris", component="transformer")["labels"]
    assert uses not in service("iris")["labels"]
    assert "env" not in service("iris")["model"]


@pytest.mark.parametrize(("environment", "port"), [("small", 9081), ("big", 8012)])
def test_the_transformer_alone_reaches_the_server(environment: str, port: int) -> None:
    (rule,) = policy("iris-predictor", environment)["spec"]["ingress"]
    (peer,) = rule["from"]
    assert peer["podSelector"] == {"matchLabels": {"uses.platformc.dev/iris-predictor": "true"}}
    assert rule["ports"] == [{"protocol": "TCP", "port": port}]
    labels = service("iris", environment, "transformer")["labels"]
    assert labels["uses.platformc.dev/iris-predictor"] == "true"


def test_callers_keep_the_url_of_a_model_with_a_transformer() -> None:
    (job,) = [
        manifest for manifest in objects("model-servers", "small") if manifest["kind"] == "CronJob"
    ]
    template = job["spec"]["jobTemplate"]["spec"]["template"]
    env = {entry["name"]: entry.get("value") for entry in template["spec"]["containers"][0]["env"]}
    assert env["IRIS_URL"] == "http://iris-transformer.mlops.svc.cluster.local"


def test_a_transformer_is_told_that_its_model_speaks_v2() -> None:
    text = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: p}
spec:
  components: {seaweedfs: {}, kserve: {mode: standard}}
  models:
    images:
      format: onnx
      uri: s3://models/images
      transformer: {image: registry.example.com/resize:1.0.0}
"""
    result = pipeline.compile(text.encode(), "platform.yaml")
    spec = result.lowered["default"].models["images"].resources[0].manifest["spec"]
    (container,) = spec["transformer"]["containers"]
    assert container["args"] == ["--predictor_protocol=v2"]
