"""Upstream's own code reads the compiled settings: programs of `tests/upstream/build.sh`.

Each key of each ConfigMap in `prerequisites/` is read by the parser of the system: a key that the parser
refuses, or that changes nothing of its result, is a mistake. So is a table of injected containers that
differs from the code.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
import yaml
from support.cluster import objects_of
from support.diagnosing import HEADER, compiled
from support.paths import ROOT, SCENARIOS
from upstream import table
from upstream.programs import installed, unread

from compiler.components.knative.net_istio import EXPECTED_LABELS
from live.platforms import Manifest

pytestmark = pytest.mark.live

# By system: the ConfigMaps that it reads.
MAPS = {
    "knative": ("config-autoscaler", "config-defaults", "config-deployment", "config-domain", "config-features", "config-observability"),
    "kserve": ("inferenceservice-config",),
    "argo": ("workflow-controller-configmap", "artifact-repositories"),
}  # fmt: skip
# Knative by its operator, with a gateway of Istio that is not where net-istio's release expects it.
OPERATOR = """\
spec:
  domain: ml.example.internal
  registry: {mirror: mirror.example.internal/cache}
  tls: {issuer: {name: corp-ca}}
  components:
    seaweedfs: {}
    istio: {}
    istio-gateway: {pods: {labels: {company.example/door: main}, serviceAccount: door}}
    knative:
      install: operator
      autoscaler: {scaleToZeroGrace: 40s, stableWindow: 90s, targetConcurrency: 20}
      registries: [registry.example.internal]
    kserve: {}
  models:
    images:
      format: onnx
      uri: s3://models/images
      access: public
      gpu: 1
      timeout: 30m
      concurrency: 2000
      nodeSelector: {accelerator: a100}
      tolerations: [{key: nvidia.com/gpu, operator: Exists}]
"""
# `tests/controllers/` holds these to upstream's source: no module with the first one's reader can be had, and
# the second one's is Rook's whole operator (test_rook.py).
UNREAD = {"config-istio", "rook-ceph-operator-config"}
MISTAKES = [
    ("knative", "config-features", "secure-pod-default", "enabled"),
    ("knative", "config-autoscaler", "scale-to-zero-grace-perod", "30s"),
    ("knative", "config-autoscaler", "stable-window", "1 minute"),
    ("kserve", "inferenceservice-config", "ingress", '{"ingressGateway": "a/b", "ingresDomain": "x"}'),
    ("kserve", "inferenceservice-config", "ingress", '{"ingressDomain": "x"}'),
    ("argo", "workflow-controller-configmap", "executor", "securityContexts: {runAsUser: 1}\n"),
    ("argo", "workflow-controller-configmap", "persistance", "archive: true\n"),
    ("argo", "artifact-repositories", "default", "s3: {buckt: runs}\n"),
]  # fmt: skip


# Upstream's own ConfigMaps, and the objects with settings that are the platform's.
FILES = (
    "prerequisites/*/*/patch-configmap-*.yaml",
    "**/configmap-artifact-repositories-*.yaml",
    "**/configmap-artifact-repositories.yaml",
    "**/knativeserving-*.yaml",
)


@cache
def written() -> dict[str, list[dict[str, str]]]:
    """The different contents of each ConfigMap in all trees."""
    contents: dict[str, dict[str, dict[str, str]]] = {}
    for tree in (*SCENARIOS.glob("*/expected"), ROOT):
        for file in sorted(itertools.chain.from_iterable(map(tree.glob, FILES))):
            for name, data in maps_of(yaml.safe_load(file.read_text())):
                contents.setdefault(name, {})[json.dumps(data, sort_keys=True)] = data
    for name, data in maps_of(serving()):
        contents.setdefault(name, {})[json.dumps(data, sort_keys=True)] = data
    return {name: list(each.values()) for name, each in contents.items()}


def maps_of(manifest: dict[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """The ConfigMaps that an object is, or that Knative's operator makes of it."""
    if manifest["kind"] == "KnativeServing":
        yield from ((f"config-{name}", data) for name, data in manifest["spec"]["config"].items())
    elif manifest["kind"] == "ConfigMap":
        yield manifest["metadata"]["name"], manifest["data"]


@cache
def serving() -> Manifest:
    """A KnativeServing with all that the compiler writes into one."""
    (manifest,) = [each for each in _objects() if each["kind"] == "KnativeServing"]
    return manifest


@cache
def _objects() -> list[Manifest]:
    result = compiled(f"{HEADER}\n{OPERATOR}".encode())
    assert not result.report.failed, result.report.sorted()
    return objects_of(result.lowered["default"])


def test_every_config_map_has_a_reader() -> None:
    assert set(written()) - UNREAD <= {name for names in MAPS.values() for name in names}


@pytest.mark.parametrize("system", MAPS)
def test_each_key_is_read(system: str) -> None:
    maps = [(name, data) for name in MAPS[system] for data in written().get(name, ())]
    assert maps
    assert unread(system, maps) == []


@pytest.mark.parametrize(("system", "name", "key", "text"), MISTAKES)
def test_a_mistake_is_noticed(system: str, name: str, key: str, text: str) -> None:
    assert len(unread(system, [(name, {key: text})])) == 1


PINNED = [row for row in table.ROWS if row.pinned and row.component != "istio"]


@pytest.mark.parametrize("row", PINNED, ids=lambda row: row.component)
def test_the_table_is_what_the_code_adds(row: table.Row) -> None:
    assert table.read(row.component)[row.release] == row.entry


@cache
def by_the_operator() -> dict[tuple[str, str], Manifest]:
    """The objects that Knative's operator installs, by kind and name."""
    (answer,) = installed([serving()])
    assert not answer["refusal"]
    return {(each["kind"], each["metadata"]["name"]): each for each in answer["objects"]}


def test_the_operator_writes_each_key_of_its_object() -> None:
    config = serving()["spec"]["config"]
    assert set(config) == {
        "autoscaler", "defaults", "deployment", "domain", "features", "istio", "observability",
    }  # fmt: skip
    assert dropped(serving(), by_the_operator()) == []


def dropped(serving: Manifest, objects: dict[tuple[str, str], Manifest]) -> list[str]:
    """The keys of a KnativeServing that its operator writes to no ConfigMap."""
    return [
        f"{suffix}: {key}"
        for suffix, data in serving["spec"]["config"].items()
        for key, text in data.items()
        if objects.get(("ConfigMap", f"config-{suffix}"), {}).get("data", {}).get(key) != text
    ]


def test_the_operator_drops_what_no_config_map_is_for() -> None:
    wrong = copy.deepcopy(serving())
    wrong["spec"]["config"] = {"autoscalers": {"stable-window": "90s"}}
    (answer,) = installed([wrong])
    objects = {(each["kind"], each["metadata"]["name"]): each for each in answer["objects"]}
    assert dropped(wrong, objects) == ["autoscalers: stable-window"]


def test_the_operator_moves_the_gateways() -> None:
    """It puts the Service of local requests next to the Gateways, where no pod of a gateway is; the platform's
    own is where `config-istio` says."""
    objects, labels = by_the_operator(), {"company.example/door": "main"}
    assert labels != EXPECTED_LABELS
    for name in ("knative-ingress-gateway", "knative-local-gateway"):
        assert objects["Gateway", name]["spec"]["selector"] == labels
    service = objects["Service", "knative-local-gateway"]
    assert service["metadata"]["namespace"] == "knative-serving"
    (local,) = [each for each in _objects() if each["metadata"]["name"] == "knative-local-gateway"]
    assert local["metadata"]["namespace"] == "istio-ingress"
    ports = {port["targetPort"] for port in service["spec"]["ports"]}
    assert {port["targetPort"] for port in local["spec"]["ports"]} <= ports
    labels_of_release = service["metadata"]["labels"].items()
    assert local["metadata"]["labels"].items() & labels_of_release >= {
        ("experimental.istio.io/disable-gateway-port-translation", "true")
    }


def test_keys_of_config_istio_are_those_that_the_release_documents() -> None:
    example = by_the_operator()["ConfigMap", "config-istio"]["data"]["_example"]
    documented = {key: text for key, text in yaml.safe_load(example).items() if key[-1] == "s"}
    fields = {key: set(yaml.safe_load(text)[0]) for key, text in documented.items()}
    assert written()["config-istio"]
    for data in written()["config-istio"]:
        actual = {key: set(entry) for key, text in data.items() for entry in yaml.safe_load(text)}
        assert actual == fields


REFUSED: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ('unknown field "configs"', lambda spec: spec.update(configs={})),
    ('unknown field "enable"', lambda spec: spec["ingress"]["istio"].update(enable=True)),
    ("1.99.0 are not available", lambda spec: spec.update(version="1.99.0")),
    ("cannot unmarshal number", lambda spec: spec["config"]["autoscaler"].update(window=90)),
]


@pytest.mark.parametrize(("reason", "change"), REFUSED)
def test_the_operator_refuses_a_mistake(
    reason: str, change: Callable[[dict[str, Any]], object]
) -> None:
    wrong = copy.deepcopy(serving())
    change(wrong["spec"])
    (answer,) = installed([wrong])
    assert reason in answer["refusal"]
