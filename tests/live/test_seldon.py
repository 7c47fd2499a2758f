"""Seldon Core's own operator makes pods and Services of the compiled models; nodes are simulated.

Its webhook admits each object and refuses mistakes. The pods are the compiled ones with the container of the
table (`injected.json`), a real API server judges them by Pod Security, and each route leads to ready pods.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.diagnosing import diagnosed

from compiler.components.seldon.deployment import VERSION
from live import seldon
from live.control_plane import ROOT, ControlPlane
from live.platforms import HEAD, Manifest, Platform
from live.preparation import namespace, prepare

pytestmark = pytest.mark.live

FORMATS = ("huggingface", "mlflow", "sklearn", "tensorflow", "triton", "xgboost")
LONGEST = "m" * 40
MODELS = {
    **{name: {"format": name, "uri": f"s3://models/{name}/v1", "access": "public"} for name in FORMATS},
    LONGEST: {
        "format": "sklearn",
        "uri": "s3://models/long/v2",
        "access": "public",
        "canary": {"percent": 20, "previous": "s3://models/long/v1"},
        "minReplicas": 2,
    },
}  # fmt: skip
SPEC = f"""
  components: {{seaweedfs: {{}}, istio: {{}}, seldon: {{}}}}
  models: {json.dumps(MODELS)}
"""
LOOSENED = """
  silence: [{code: loosened-guard, reason: "Seldon's engine keeps its capabilities"}]
  patches:
    - target: {kind: Namespace, name: mlops}
      operations:
        - {op: replace, path: /metadata/labels/pod-security.kubernetes.io~1enforce, value: baseline}
"""
ENGINE = "seldon-container-engine"
TABLE = ROOT / "compiler/components/seldon/injected.json"


@pytest.fixture(scope="module")
def objects(folder: Path) -> list[Manifest]:
    return Platform(folder).write(LOOSENED + SPEC).compile()


@pytest.fixture(scope="module")
def plane(
    tmp_path_factory: pytest.TempPathFactory, objects: list[Manifest]
) -> Iterator[ControlPlane]:
    """A cluster with the platform, whose operator has made all that the models are."""
    plane = ControlPlane(tmp_path_factory.mktemp("cluster"))
    prepare(plane, objects)
    seldon.start(plane)
    models = deployments(objects)
    rest = [each for each in objects if each not in models]
    plane.apply(sorted(rest, key=lambda each: each["kind"] != "Namespace"), "--server-side")
    plane.apply(models, "--server-side")
    plane.until(lambda: set(_states(plane)) == {"Available"}, "models that are available", 150)
    yield plane
    plane.close()


def _states(plane: ControlPlane) -> list[str]:
    path = "apis/machinelearning.seldon.io/v1/namespaces/mlops/seldondeployments"
    return [each.get("status", {}).get("state", "") for each in plane.get(path)["items"]]


def deployments(objects: list[Manifest]) -> list[Manifest]:
    return [manifest for manifest in objects if manifest["kind"] == "SeldonDeployment"]


@dataclass(frozen=True)
class Pair:
    """A compiled pod template, and that of the Deployment that Seldon made of it."""

    compiled: Manifest = field(repr=False)
    actual: Manifest = field(repr=False)

    def containers(self, key: str = "containers") -> dict[str, Manifest]:
        return {container["name"]: container for container in self.actual["spec"][key]}


@pytest.fixture(scope="module")
def pairs(plane: ControlPlane, objects: list[Manifest]) -> list[Pair]:
    compiled = [
        predictor["componentSpecs"][0]
        for manifest in deployments(objects)
        for predictor in manifest["spec"]["predictors"]
    ]
    listed = plane.get("apis/apps/v1/namespaces/mlops/deployments")["items"]
    actual = [
        each["spec"]["template"]
        for each in listed
        if "seldon-deployment-id" in each["metadata"]["labels"]
    ]
    assert len(compiled) == len(actual) == len(FORMATS) + 2
    by_uri = {_uri(template): template for template in actual}
    return [Pair(template, by_uri[_uri(template)]) for template in compiled]


def _uri(template: Manifest) -> str:
    return str(template["spec"]["initContainers"][0]["args"][0])


def test_pods_keep_what_is_compiled(pairs: list[Pair]) -> None:
    assert [list(lost(pair.compiled, pair.actual)) for pair in pairs] == [[] for _ in pairs]


def lost(expected: Any, actual: Any, path: str = "") -> Iterator[str]:
    """The fields of an object that another one lacks or has otherwise; items of lists go by their names."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key, field in expected.items():
            yield from lost(field, actual.get(key), f"{path}/{key}")
    elif isinstance(expected, list) and expected and isinstance(expected[0], dict):
        yield from lost(_by_name(expected), _by_name(actual or []), path)
    elif expected != actual:
        yield f"{path}: {expected} is {actual}"


def _by_name(items: list[Manifest]) -> Manifest:
    return {item["name"]: item for item in items}


def test_nothing_joins_the_pods_but_the_container_of_the_table(pairs: list[Pair]) -> None:
    (row,) = json.loads(TABLE.read_text())[VERSION]["containers"]
    for pair in pairs:
        names = set(_by_name(pair.compiled["spec"]["containers"]))
        assert set(pair.containers()) == {*names, row["name"]}
        assert set(pair.containers("initContainers")) == set(
            _by_name(pair.compiled["spec"]["initContainers"])
        )
        engine = pair.containers()[row["name"]]
        assert engine["securityContext"] == row["securityContext"]
        assert engine["resources"] == row["resources"]
        ports = {port["containerPort"] for port in engine["ports"]}
        assert ports == {port["containerPort"] for port in row["ports"]}


def test_servers_read_the_files_of_the_initializer(pairs: list[Pair]) -> None:
    """One container of each pod mounts the volume that the compiled initializer fills."""
    for pair in pairs:
        (initializer,) = pair.containers("initContainers").values()
        (volume,) = [each["name"] for each in initializer["volumeMounts"]]
        readers = [
            mount["mountPath"]
            for container in pair.containers().values()
            for mount in container.get("volumeMounts", ())
            if mount["name"] == volume
        ]
        assert readers == ["/mnt/models"]


def test_routes_lead_to_ready_pods(plane: ControlPlane, objects: list[Manifest]) -> None:
    hosts = 0
    for manifest in objects:
        if manifest["kind"] == "VirtualService":
            (http,) = manifest["spec"]["http"]
            for route in http["route"]:
                name, space = route["destination"]["host"].split(".")[:2]
                pods = _pods(plane, space, name, 2 if name.startswith(LONGEST) else 1)
                assert _port(plane, space, name) == route["destination"]["port"]["number"]
                assert {8000} <= {port for _, port in pods}
                hosts += 1
    assert hosts == len(FORMATS) + 2


def _pods(plane: ControlPlane, space: str, service: str, count: int) -> list[tuple[str, int]]:
    """The ready pods behind a Service, with their ports, as soon as it leads to all of them."""

    def names() -> set[str]:
        return {pod for pod, _ in seldon.ready_pods(plane, space, service)}

    plane.until(lambda: len(names()) == count, f"{count} ready pods behind {service}")
    return list(seldon.ready_pods(plane, space, service))


def _port(plane: ControlPlane, space: str, service: str) -> int:
    """The port of the Service that leads to the engine."""
    spec = plane.get(f"api/v1/namespaces/{space}/services/{service}")["spec"]
    return next(int(port["port"]) for port in spec["ports"] if port["targetPort"] == 8000)


def test_applying_again_changes_nothing(plane: ControlPlane, objects: list[Manifest]) -> None:
    def versions() -> dict[str, str]:
        listed = plane.get("apis/apps/v1/namespaces/mlops/deployments")["items"]
        return {each["metadata"]["name"]: each["metadata"]["generation"] for each in listed}

    before = versions()
    plane.apply(deployments(objects), "--server-side")
    plane.until(lambda: set(_states(plane)) == {"Available"}, "models that are available")
    assert versions() == before


MISTAKES: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("Traffic must sum to 100", lambda spec: spec["predictors"][0].update(traffic=70)),
    ("Duplicate predictor name", lambda spec: spec["predictors"][1].update(name="default")),
    ("modelUri required", lambda spec: spec["predictors"][0]["graph"].update(modelUri="")),
    ("No entry in predictors map", lambda spec: spec["predictors"][0]["graph"].update(implementation="X")),
    ("Invalid protocol", lambda spec: spec.update(protocol="v3")),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "change"), MISTAKES)
def test_the_webhook_refuses_a_mistake(
    reason: str, change: Callable[[dict[str, Any]], object], plane: ControlPlane,
    objects: list[Manifest],
) -> None:  # fmt: skip
    (model,) = [each for each in deployments(objects) if each["metadata"]["name"] == LONGEST]
    wrong = copy.deepcopy(model)
    change(wrong["spec"])
    answer = plane.run(
        "apply", "--server-side", "--dry-run=server", "-f", "-", stdin=json.dumps(wrong)
    )
    assert answer.returncode != 0
    assert reason in answer.stderr


def test_restricted_refuses_the_container_that_the_compiler_refuses(
    plane: ControlPlane, objects: list[Manifest]
) -> None:
    problems = [each for each in diagnosed((HEAD + SPEC).encode()) if each.code == "refused-pod"]
    assert {each.message.partition(": ")[2] for each in problems} == {
        f"Seldon Core {VERSION} adds `{ENGINE}`, which has no `capabilities: {{drop: [ALL]}}`"
    }
    strict = namespace("strict")
    strict["metadata"]["labels"] = {"pod-security.kubernetes.io/enforce": "restricted"}
    model = copy.deepcopy(deployments(objects)[0])
    model["metadata"]["namespace"] = "strict"
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "models-mlops", "namespace": "strict"}}  # fmt: skip
    plane.apply([strict, account, model], "--server-side")
    plane.until(lambda: bool(_refusals(plane, "strict")), "pod that is refused")
    (refusal,) = {each.partition("PodSecurity")[2] for each in _refusals(plane, "strict")}
    assert refusal == (
        f' "restricted:latest": unrestricted capabilities (container "{ENGINE}" must set '
        'securityContext.capabilities.drop=["ALL"])'
    )


def _refusals(plane: ControlPlane, space: str) -> list[str]:
    """The messages of ReplicaSets whose pods are refused."""
    return [
        condition["message"]
        for each in plane.get(f"apis/apps/v1/namespaces/{space}/replicasets")["items"]
        for condition in each.get("status", {}).get("conditions", ())
        if condition["type"] == "ReplicaFailure"
    ]
