"""`platformc doctor`: the needs that a cluster does not meet, and the ends of certificates."""

from __future__ import annotations

import copy
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.command_line import run
from support.paths import SCENARIOS
from support.scenarios import compiled, scenario_names

from compiler import pipeline
from compiler.delivery.certificates import DAY
from compiler.delivery.doctor import check
from compiler.emit.manifests import manifests
from compiler.model.custom_resource import is_builtin
from compiler.model.resource import ConfigRef
from compiler.upstream.prerequisites import prerequisites

END = 4949159389  # of the example's certificate, in the year 2126
NOW = END - 365 * DAY
AUTHORITY = (SCENARIOS / "ceph/certs/example.pem").read_text()


PLURALS = {
    "customresourcedefinitions": "customresourcedefinition",
    "storageclasses": "storageclass",
    "priorityclasses": "priorityclass",
}


class Cluster:
    """A cluster that answers kubectl's questions from a list of objects."""

    def __init__(
        self, objects: list[dict[str, Any]], minor: str = "34", admits: bool = False
    ) -> None:
        self.objects, self.minor, self.admits = objects, minor, admits

    def __call__(self, words: list[str], text: str) -> tuple[int, str, str]:
        match words:
            case ["version", *_]:
                server = {"major": "1", "minor": self.minor}
                return 0, json.dumps({"serverVersion": server}), ""
            case ["get", "secrets", "-n", space, "-o", "name"]:
                names = (
                    f"secret/{manifest['metadata']['name']}"
                    for manifest in self._of("secret", space)
                )
                return 0, "\n".join(names), ""
            case ["get", kinds, "-o", "json"] if kinds in PLURALS:
                kind = PLURALS[kinds]
                return 0, json.dumps({"items": self._of(kind, None)}), ""
            case ["get", "secret", name, "-n", space, "-o", template]:
                (secret,) = [
                    manifest
                    for manifest in self._of("secret", space)
                    if manifest["metadata"]["name"] == name
                ]
                annotations = secret["metadata"].get("annotations", {})
                keys = re.findall(r"\.metadata\.annotations\['(.*?)'\]", template)
                values = (annotations.get(key.replace("\\.", "."), "") for key in keys)
                return 0, "\n".join(values), ""
            case ["get", kind, name, *rest]:
                actual = self._of(kind, rest[1] if rest[0] == "-n" else None)
                named = [manifest for manifest in actual if manifest["metadata"]["name"] == name]
                return (0, json.dumps(named[0]), "") if named else (1, "", "NotFound")
            case ["create", "--dry-run=server", *_]:
                assert json.loads(text)["spec"]["hostPID"]
                return (0, "", "") if self.admits else (1, "", 'violates PodSecurity "restricted"')
        raise AssertionError(words)

    def _of(self, kind: str, space: str | None) -> list[dict[str, Any]]:
        return [
            manifest
            for manifest in self.objects
            if _is_of(manifest, kind) and manifest["metadata"].get("namespace") == space
        ]


def _is_of(manifest: dict[str, Any], kind: str) -> bool:
    """Whether kubectl may mean an object by a kind: without a group, it may mean a kind of any group."""
    name, _, group = kind.partition(".")
    groups = ("", manifest.get("apiVersion", "").rpartition("/")[0])
    return manifest["kind"].lower() == name and group in groups


def ready(scenario: str, environment: str) -> list[dict[str, Any]]:
    """Everything that an environment expects to find, and no more."""
    lowered = compiled(scenario).lowered[environment]
    mark = {"storageclass.kubernetes.io/is-default-class": "true"}
    objects: list[dict[str, Any]] = [
        {"kind": "StorageClass", "metadata": {"name": "local", "annotations": mark}}
    ]
    for manifest in manifests(lowered):
        group, _, version = manifest["apiVersion"].rpartition("/")
        if manifest["kind"] == "Namespace":
            objects.append(manifest)
        if not is_builtin(group):
            spec = {
                "group": group,
                "names": {"kind": manifest["kind"]},
                "versions": [{"name": version, "served": True}],
            }
            name = f"{manifest['kind'].lower()}.{group}"
            kind = {"kind": "CustomResourceDefinition", "metadata": {"name": name}, "spec": spec}
            objects.append(kind)
    for upstream in prerequisites(lowered.graph):
        objects += upstream.objects
        objects += [
            {"kind": "Namespace", "metadata": {"name": namespace}}
            for namespace in upstream.namespaces
        ]
    existing = (credential for credential in lowered.granted if credential.created_by == "you")
    for credential in (*lowered.credentials, *existing):
        objects += [
            {
                "kind": "Secret",
                "metadata": {
                    "name": credential.name,
                    "namespace": space,
                    "annotations": dict(credential.to_annotate.get(space, {})),
                },
            }
            for space in credential.namespaces
        ]
    for binding in lowered.graph.bindings:
        source = binding.offer.ca.source if binding.offer.ca else None
        if isinstance(source, ConfigRef):
            metadata = {"name": source.name, "namespace": binding.consumer.namespace}
            objects.append(
                {"kind": "ConfigMap", "metadata": metadata, "data": {source.key: AUTHORITY}}
            )
    return objects


@pytest.mark.parametrize("scenario", scenario_names())
def test_a_ready_cluster_lacks_nothing(scenario: str) -> None:
    for environment in compiled(scenario).environments:
        lowered = compiled(scenario).lowered[environment]
        settings = lowered.platform.settings.cluster
        objects = ready(scenario, environment)
        named = {
            instance.spec.storage_class for instance in lowered.platform.having("storage_class")
        }
        for name in sorted({settings.storage_class, *named} - {None}):
            objects.append({"kind": "StorageClass", "metadata": {"name": name}})
        priorities = {
            instance.spec.priority_class for instance in lowered.platform.having("priority_class")
        }
        for name in sorted(priorities - {None}):
            objects.append({"kind": "PriorityClass", "metadata": {"name": name}})
        minor = (settings.kubernetes or "1.34").partition(".")[2]
        actual = list(check(lowered, Cluster(objects, minor), NOW))
        assert [finding.text for finding in actual if not finding.passed] == []
        assert len(actual) > 1


def test_everything_that_is_missing_is_said() -> None:
    """Taking any one thing away from a ready cluster is noticed."""
    environment = compiled("argo-workflows").environments[0]
    lowered = compiled("argo-workflows").lowered[environment]
    objects = ready("argo-workflows", environment)
    created_namespaces = [
        manifest["metadata"]["name"]
        for manifest in manifests(lowered)
        if manifest["kind"] == "Namespace"
    ]
    for removed in objects:
        if removed["kind"] == "Namespace" and removed["metadata"]["name"] in created_namespaces:
            continue  # the platform brings it
        rest = [manifest for manifest in objects if manifest != removed]
        failed = [
            finding.text for finding in check(lowered, Cluster(rest), NOW) if not finding.passed
        ]
        assert failed, removed["metadata"]
    changed = [
        {**changed_manifest, "data": {}}
        if changed_manifest["kind"] == "ConfigMap"
        else changed_manifest
        for changed_manifest in objects
    ]
    (lacks,) = [
        finding.text for finding in check(lowered, Cluster(changed), NOW) if not finding.passed
    ]
    assert "lacks data" in lacks


PODS = {
    "spec": {
        "template": {"spec": {"containers": [{"name": "workflow-controller", "image": "IMAGE"}]}}
    }
}


@pytest.mark.parametrize(
    ("image", "answer"),
    [
        ("quay.io/argoproj/workflow-controller:v4.1.2", [(True, "Argo Workflows: release 4.1.2")]),
        ("mirror.example/argo/workflow-controller:v4.0.5-linux", [
            (False, "Argo Workflows: release 4.0.5 runs, and `spec.components.argo-workflows.release` is 4.1.2")
        ]),
        ("quay.io/argoproj/workflow-controller@sha256:" + "0" * 64, []),
        ("quay.io/argoproj/workflow-controller:latest", []),
    ],
)  # fmt: skip
def test_the_release_that_runs_is_compared(image: str, answer: list[tuple[bool, str]]) -> None:
    """Where the image says none, there is nothing to compare."""
    lowered = compiled("argo-workflows").lowered["default"]
    objects = copy.deepcopy(ready("argo-workflows", "default"))
    (controller,) = (each for each in objects if each["metadata"]["name"] == "workflow-controller")
    controller["spec"]["template"].update(
        yaml.load(json.dumps(PODS).replace("IMAGE", image), yaml.CSafeLoader)["spec"]["template"]
    )
    findings = [
        (finding.passed, finding.text)
        for finding in check(lowered, Cluster(objects), NOW)
        if "release" in finding.text
    ]
    assert findings == answer


@pytest.mark.parametrize(("label", "passed_check"), [("1.21.1", True), ("1.20.0", False)])
def test_the_release_is_read_from_a_label_where_images_have_digests(
    label: str, passed_check: bool
) -> None:
    lowered = compiled("kserve-serverless").lowered["dev"]
    metadata = {
        "name": "controller", "namespace": "knative-serving",
        "labels": {"app.kubernetes.io/version": label},
    }  # fmt: skip
    objects = [*ready("kserve-serverless", "dev"), {"kind": "Deployment", "metadata": metadata}]
    (finding,) = (
        finding
        for finding in check(lowered, Cluster(objects), NOW)
        if f"release {label}" in finding.text
    )
    assert finding.passed is passed_check


def test_kinds_of_the_same_name_are_told_apart() -> None:
    """The Gateway API has a kind `Gateway` too, and kubectl takes the first that it finds."""
    lowered = compiled("istio-gateway").lowered["prod"]
    objects = ready("istio-gateway", "prod")
    gateways = [manifest for manifest in objects if manifest["kind"] == "Gateway"]
    assert gateways
    namesakes = [
        {**gateway, "apiVersion": "gateway.example.com/v1", "spec": {}} for gateway in gateways
    ]
    findings = list(check(lowered, Cluster([*namesakes, *objects]), NOW))
    assert not [
        finding.text for finding in findings if "Gateway" in finding.text and not finding.passed
    ]


def test_old_and_careless_clusters_are_said() -> None:
    lowered = compiled("minimal").lowered["default"]
    objects = ready("minimal", "default")
    old = [
        finding.text
        for finding in check(lowered, Cluster(objects, minor="20+"), NOW)
        if not finding.passed
    ]
    assert old == ["Kubernetes 1.20 is older than 1.29"]
    open_ = [
        finding.text
        for finding in check(lowered, Cluster(objects, admits=True), NOW)
        if not finding.passed
    ]
    assert open_ == ["namespace `mlops` admits pods with the node's processes"]


def test_doctor_asks_through_kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "kubectl"
    script.write_text(
        f"#!{sys.executable}\nimport sys\n"
        "assert sys.argv[1:3] == ['--context', 'prod'], sys.argv\n"
        "sys.exit('connection refused')\n"
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    spec = str(SCENARIOS / "minimal" / "platform.yaml")
    words = ["doctor", "default", "-f", spec, "--context", "prod"]
    result = run(*words)
    assert result.exit_code == 1
    assert result.stdout == "missing  the cluster does not answer: connection refused\n"


@pytest.mark.parametrize("environment", ["text", "serverless"])  # `ca` as text, and as a ConfigMap
def test_doctor_says_which_authorities_end_soon(environment: str) -> None:
    scenario = "private-authority-operators"
    lowered, objects = compiled(scenario).lowered[environment], ready(scenario, environment)

    def marks(now: float) -> set[tuple[str, str]]:
        findings = check(lowered, Cluster(objects), now)
        return {
            (finding.mark, finding.text.partition("authority` ")[2])
            for finding in findings
            if "`store`" in finding.text
        }

    assert marks(END - 30 * DAY - 1) == {("ok", "ends on 2126-10-31")}
    assert marks(END - 29 * DAY) == {("soon", "ends on 2126-10-31")}
    assert marks(END + 1) == {("missing", "ended on 2126-10-31")}


def test_doctor_misses_an_authority_that_is_not_there() -> None:
    scenario, environment = "private-authority-operators", "serverless"
    lowered = compiled(scenario).lowered[environment]
    rest = [manifest for manifest in ready(scenario, environment) if "data" not in manifest]
    broken = [
        {**manifest, "data": {"ca.crt": "none"}}
        if "ca.crt" in manifest.get("data", {})
        else manifest
        for manifest in ready(scenario, environment)
    ]
    for objects, words in ((rest, "no ConfigMap `"), (broken, "no certificates in PEM form")):
        bad = [finding.text for finding in check(lowered, Cluster(objects), NOW)
               if not finding.passed and "`ca`" in finding.text]  # fmt: skip
        assert bad
        assert all(words in text for text in bad)


SHARED = """apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: p}
spec:
  components:
    external-s3: {host: s3.example.com, credentials: {secret: acme}}
    kserve: {mode: standard}
  models: {iris: {format: sklearn, uri: "s3://models/iris", access: inside}}
"""


@pytest.mark.parametrize("missing", ["s3-endpoint", "s3-usehttps"])
def test_annotations_of_a_secret_of_the_user_are_checked(missing: str) -> None:
    """KServe reads the address of the store there, and platformc does not make this Secret."""
    lowered = pipeline.compile(SHARED.encode(), "platform.yaml").lowered["default"]
    (credential,) = lowered.granted
    annotations = dict(credential.to_annotate["mlops"])
    assert annotations["serving.kserve.io/s3-endpoint"] == "s3.example.com:443"
    assert "serving.kserve.io/s3-endpoint=s3.example.com:443" in credential.note

    def findings(present: dict[str, str]) -> list[str]:
        metadata = {"name": "acme", "namespace": "mlops", "annotations": present}
        cluster = Cluster([{"kind": "Secret", "metadata": metadata}])
        return [finding.text for finding in check(lowered, cluster, NOW) if not finding.passed]

    words = f"lacks serving.kserve.io/{missing}={annotations[f'serving.kserve.io/{missing}']} ("
    assert not [text for text in findings(annotations) if "annotations" in text]
    del annotations[f"serving.kserve.io/{missing}"]
    assert [text for text in findings(annotations) if words in text]


def test_a_missing_priority_class_is_said() -> None:
    """A Deployment with an unknown class is accepted, and each of its pods is refused."""
    spec = (
        "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: one}\nspec:\n"
        "  components: {external-service: {host: api.example.com}}\n"
        "  workloads:\n    train: {image: registry.example.internal/train:1.0.0, priorityClass: batch, "
        "uses: [external-service]}\n"
    )
    lowered = pipeline.compile(spec.encode(), "platform.yaml").lowered["default"]
    for objects, expected in (
        ([], (False, "no priority class `batch`")),
        (
            [{"kind": "PriorityClass", "metadata": {"name": "batch"}}],
            (True, "priority class `batch`"),
        ),
    ):
        findings = check(lowered, Cluster(objects), NOW)
        assert expected in [(finding.passed, finding.text) for finding in findings]


@pytest.mark.parametrize(
    ("components", "expected"),
    [
        ("postgres: {}", {(False, "no default storage class; set `spec.cluster.storageClass`")}),
        ("postgres: {storageClass: fast}", {(True, "storage class `fast`")}),
        ("postgres: {storageClass: slow}", {(False, "no storage class `slow`")}),
        ("cloudnative-pg: {storageClass: slow}", {(False, "no storage class `slow`")}),
        ("cloudnative-pg: {}", {(False, "no default storage class; set `spec.cluster.storageClass`")}),
        ("redis: {persistence: none}", set()),
    ],
)  # fmt: skip
def test_the_classes_of_volumes_are_asked_for(
    components: str, expected: set[tuple[bool, str]]
) -> None:
    """The default class matters to volumes that name none, and no other class without a volume."""
    spec = (
        "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: volumes}\nspec:\n"
        f"  components: {{{components}}}\n"
    )
    lowered = pipeline.compile(spec.encode(), "platform.yaml").lowered["default"]
    objects = [{"kind": "StorageClass", "metadata": {"name": "fast"}}]
    actual = {(finding.passed, finding.text) for finding in check(lowered, Cluster(objects), NOW)}
    assert {finding for finding in actual if "storage class" in finding[1]} == expected
