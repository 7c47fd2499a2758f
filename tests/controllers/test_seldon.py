"""The demands of Seldon Core on our objects, from its source: SeldonIO/seldon-core v1.17.1, operator/.

Its operator runs in `tests/live/test_seldon.py`. The webhook is in `seldon_webhook.py`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.cluster import environments, objects, objects_of
from support.diagnosing import HEADER, compiled

from compiler.model import Manifest
from controllers.seldon_webhook import UNIT, refusals

FORMATS = ("huggingface", "mlflow", "sklearn", "tensorflow", "triton", "xgboost")
# controllers/seldondeployment_prepackaged_servers.go: the container for which `addTFServerContainer`, or
# the function of another server, calls `InjectModelInitializer`.
READERS = dict.fromkeys(FORMATS, UNIT) | {"tensorflow": "tfserving"}
# operator/controllers, createDeploymentWithoutEngine, createContainerService, addEngineToDeployment and
# addLabelsToDeployment: labels that Seldon sets on pods, and by which its Services find them.
SELDONS_LABELS = {
    "app", "fluentd", "seldon-app", "seldon-deployment-id", "version", f"seldon-app-svc-{UNIT}",
    "app.kubernetes.io/managed-by",
}  # fmt: skip
NAME = "m" * 40  # the longest name that the compiler takes


def spec(format: str, *, canary: bool = False, name: str = "churn") -> bytes:
    shares = ", canary: {percent: 20, previous: s3://models/churn/v1}" if canary else ""
    return f"""{HEADER}
spec:
  domain: ml.example.internal
  silence:
    - {{code: loosened-guard, reason: "Seldon's engine keeps its capabilities"}}
  patches:
    - target: {{kind: Namespace, name: mlops}}
      operations:
        - {{op: replace, path: /metadata/labels/pod-security.kubernetes.io~1enforce, value: baseline}}
  components: {{seaweedfs: {{}}, istio: {{}}, seldon: {{}}}}
  models:
    {name}: {{format: {format}, uri: s3://models/churn/v2, access: public, size: 1Gi{shares}}}
""".encode()


def compiled_objects(data: bytes) -> list[Manifest]:
    result = compiled(data)
    assert not result.report.failed, result.report.sorted()
    return objects_of(result.lowered["default"])


def deployments(manifests: list[Manifest]) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] == "SeldonDeployment"]


def pods(deployment: Manifest) -> Iterator[Manifest]:
    for predictor in deployment["spec"]["predictors"]:
        yield from predictor["componentSpecs"]


def of_scenarios() -> list[Manifest]:
    return [
        deployment
        for scenario, environment in environments()
        for deployment in deployments(objects(scenario, environment))
    ]


@pytest.fixture(scope="module", params=FORMATS)
def model(request: pytest.FixtureRequest) -> tuple[str, Manifest]:
    """A model of each format, with a canary."""
    (deployment,) = deployments(compiled_objects(spec(request.param, canary=True)))
    return request.param, deployment


def test_the_webhook_admits_every_object(model: tuple[str, Manifest]) -> None:
    assert refusals(model[1]["spec"]) == []


def test_the_webhook_admits_the_objects_of_all_scenarios() -> None:
    assert of_scenarios()
    assert [refusals(deployment["spec"]) for deployment in of_scenarios()] == [
        [] for _ in of_scenarios()
    ]


MISTAKES: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("Traffic must sum", lambda spec: spec["predictors"][0].update(traffic=70)),
    ("Duplicate predictor", lambda spec: spec["predictors"][1].update(name="default")),
    ("modelUri required", lambda spec: spec["predictors"][0]["graph"].update(modelUri="")),
    ("No entry in predictors map", lambda spec: spec["predictors"][0]["graph"].update(implementation="X")),
    ("Invalid protocol", lambda spec: spec.update(protocol="v3")),
    ("no predictors", lambda spec: spec.update(predictors=[])),
    ("No image", lambda spec: spec.update(protocol="tensorflow")),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "change"), MISTAKES)
def test_the_webhook_notices_a_mistake(
    reason: str, change: Callable[[dict[str, Any]], object]
) -> None:
    (deployment,) = deployments(compiled_objects(spec("sklearn", canary=True)))
    wrong = copy.deepcopy(deployment["spec"])
    change(wrong)
    assert any(reason in refusal for refusal in refusals(wrong))


def test_seldon_finds_the_initializer_and_adds_none(model: tuple[str, Manifest]) -> None:
    """controllers/model_initializer_injector.go: it looks for `<reader>-model-initializer`, and mounts the
    volume `<reader>-provision-location` at /mnt/models into the reader.
    """
    format, deployment = model
    for pod in pods(deployment):
        reader = READERS[format]
        (initializer,) = pod["spec"]["initContainers"]
        assert initializer["name"] == f"{reader}-model-initializer"
        assert reader in [container["name"] for container in pod["spec"]["containers"]]
        volume = {"name": f"{reader}-provision-location", "mountPath": "/mnt/models"}
        assert volume in initializer["volumeMounts"]
        assert volume["name"] in [each["name"] for each in pod["spec"]["volumes"]]


def test_the_unit_of_the_graph_is_a_container_with_a_guard(model: tuple[str, Manifest]) -> None:
    """The servers that Seldon adds have no security context, and no limits."""
    format, deployment = model
    for pod in pods(deployment):
        containers = {container["name"]: container for container in pod["spec"]["containers"]}
        assert set(containers) == {UNIT, READERS[format]}
        for container in containers.values():
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]


def test_no_label_of_a_pod_is_one_that_seldon_sets(model: tuple[str, Manifest]) -> None:
    for pod in pods(model[1]):
        assert not SELDONS_LABELS & set(pod["metadata"]["labels"])


def test_routes_name_the_services_that_seldon_makes() -> None:
    """v1/seldondeployment_types.go, GetPredictorKey: `<deployment>-<predictor>` up to 63 characters."""
    manifests = compiled_objects(spec("sklearn", canary=True, name=NAME))
    (deployment,) = deployments(manifests)
    services = {f"{NAME}-{predictor['name']}" for predictor in deployment["spec"]["predictors"]}
    assert max(map(len, services)) <= 63
    (service,) = [each for each in manifests if each["kind"] == "VirtualService"]
    destinations = [route["destination"] for route in service["spec"]["http"][0]["route"]]
    assert {destination["host"].partition(".")[0] for destination in destinations} == services
    # controllers/seldondeployment_controller.go, createPredictorService, with the chart's executor.port
    assert {destination["port"]["number"] for destination in destinations} == {8000}
