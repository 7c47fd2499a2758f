"""Pods as they will be: with the containers that upstream systems add to them.

The standard is that of `test_pods.py`, written apart from the compiler's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from support.cluster import environments, lowered
from support.diagnosing import compiled
from support.paths import ROOT
from test_pods import restricted

from compiler.derive.mesh import mesh_of
from compiler.model import Injected, Lowered, Resource
from compiler.registry import component_of
from compiler.rules.objects.refused_pod import of_runs
from compiler.upstream.prerequisites import prerequisites

ENFORCE = "pod-security.kubernetes.io/enforce"
HEAD = """
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: example}
spec:
  domain: ml.example.internal
"""
SERVERLESS = """
  components: {seaweedfs: {}, istio: {}, knative: {}, kserve: {}}
  models: {iris: {format: sklearn, uri: s3://models/iris, access: public}}
"""


def resources(platform: Lowered) -> Iterator[Resource]:
    for package in (*platform.packages.values(), *platform.models.values()):
        yield from package.resources


def levels(platform: Lowered) -> dict[str, str]:
    """The standard that each namespace enforces."""
    spaces = (each for each in resources(platform) if each.kind == "Namespace")
    return {space.name: space.manifest["metadata"]["labels"][ENFORCE] for space in spaces}


def pods(platform: Lowered) -> Iterator[tuple[str, str, dict[str, Any], list[Injected]]]:
    """Each pod: its owner and namespace, the pod, and the containers that are added to it."""
    mesh = mesh_of(platform)
    sidecars = mesh.offer.injected if mesh else ()
    for package in (*platform.packages.values(), *platform.models.values()):
        for resource in package.resources:
            for pod in resource.pods:
                yield resource.name, resource.namespace or "", pod, [*resource.injected, *sidecars]
        for runs in package.operator_pods:
            space, pod = runs.namespace or package.namespace, {"securityContext": runs.security}
            if runs.injected:
                yield f"{package.name} {runs.role}", space, pod, [*runs.injected, *sidecars]


@pytest.mark.parametrize(("scenario", "environment"), environments())
def test_every_pod_is_admitted_with_what_upstream_adds(scenario: str, environment: str) -> None:
    platform = lowered(scenario, environment)
    enforced = levels(platform)
    refused = [
        (name, added.container["name"], check)
        for name, space, pod, additions in pods(platform)
        for added in additions
        for check, _ in restricted({**pod, "containers": [added.container], "initContainers": []})
        if enforced.get(space) == "restricted"
    ]
    assert refused == []


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("kserve-serverless", {"storage-initializer", "queue-proxy", "istio-proxy", "istio-validation"}),
        ("kserve-standard", {"storage-initializer"}),
        ("istio-ambient", set()),
        ("seldon", {"seldon-container-engine", "istio-proxy", "istio-validation"}),
        ("argo-workflows", {"init", "wait"}),
        ("kubeflow-pipelines", {"init", "wait", "kfp-launcher", "main"}),
    ],
)  # fmt: skip
def test_pods_get_what_their_systems_add(scenario: str, expected: set[str]) -> None:
    platform = next(
        lowered(scenario, environment) for name, environment in environments() if name == scenario
    )
    names = {added.container["name"] for *_, additions in pods(platform) for added in additions}
    assert names == expected


COMPONENTS = ("argo_workflows", "istio", "knative", "kserve", "kubeflow_pipelines", "seldon")


@pytest.mark.parametrize("component", COMPONENTS)
def test_each_table_has_two_releases_with_their_sources(component: str) -> None:
    table = json.loads((ROOT / "compiler/components" / component / "injected.json").read_text())
    assert len(table) >= 2
    assert all(entry["source"] and entry["containers"] for entry in table.values())


@pytest.mark.parametrize(
    ("release", "row"),
    [("1.30.3", "1.30.3"), ("1.29.9", "1.29.6"), ("1.31.0", "1.30.3"), ("1.9.0", "1.29.6")],
)
def test_a_release_is_judged_as_the_closest_one_that_is_listed(release: str, row: str) -> None:
    platform = SERVERLESS.replace("istio: {}", f"istio: {{release: {release}}}")
    result = compiled((HEAD + platform).encode())
    mesh = mesh_of(result.lowered["default"])
    assert mesh is not None
    assert {added.system for added in mesh.offer.injected} == {f"Istio {row}"}
    codes = [warning.code for warning in result.report.sorted()]
    assert ("unlisted-release" in codes) == (release != row)


def test_the_release_is_in_what_prerequisites_print_and_in_the_images_of_runs() -> None:
    spec = """
  components:
    seaweedfs: {}
    istio: {release: 1.29.6}
    knative: {release: 1.20.1, install: operator}
    kserve: {release: 0.19.0}
    argo-workflows: {release: 4.0.5, archive: false}
  models: {iris: {format: sklearn, uri: s3://models/iris, access: public}}
"""
    platform = compiled((HEAD + spec).encode()).lowered["default"]
    required = {each.name: each for each in prerequisites(platform.graph)}
    releases = {name: each.version for name, each in required.items() if name != "seaweedfs"}
    assert releases == {
        "istio": "1.29.6",
        "knative": "1.20.1",
        "kserve": "0.19.0",
        "argo-workflows": "4.0.5",
    }
    for name, each in required.items():
        assert any(releases[name] in command for command in each.how)
    (serving,) = (each for each in resources(platform) if each.kind == "KnativeServing")
    assert serving.manifest["spec"]["version"] == "1.20.1"
    (settings,) = (
        each for each in required["argo-workflows"].objects if each["kind"] == "ConfigMap"
    )
    assert "argoexec:v4.0.5-nonroot" in settings["data"]["executor"]


def test_a_run_is_refused_where_a_release_would_add_a_container_without_a_guard() -> None:
    bare = Injected("Argo Workflows 9.9.9", {"name": "wait"})
    spec = "  components: {seaweedfs: {}, argo-workflows: {archive: false}}\n"
    platform = compiled((HEAD + spec).encode()).lowered["default"]
    package = platform.packages["argo-workflows"]
    pods = tuple(
        replace(each, injected=(bare,)) if each.injected else each for each in package.operator_pods
    )
    spaces = frozenset({"mlops"})
    (refusal,) = of_runs(replace(package, operator_pods=pods), (), spaces)
    reason = "Argo Workflows 9.9.9 adds `wait`, which has no `allowPrivilegeEscalation: false`"
    assert refusal.problem.text.startswith(reason)
    assert refusal.problem.admitted_by == "baseline"
    assert list(of_runs(package, (), spaces)) == []


def test_a_model_is_refused_without_the_profile_that_its_pod_has() -> None:
    patched = SERVERLESS.replace(
        "access: public}",
        "access: public, patches: [{target: {kind: InferenceService, name: iris}, operations: "
        "[{op: remove, path: /spec/predictor/model/securityContext/capabilities}]}]}",
    )
    (error,) = compiled((HEAD + patched).encode()).report.errors
    assert error.code == "refused-pod"
    assert "`kserve-container` has no `capabilities: {drop: [ALL]}`" in error.message


def test_the_tables_have_the_releases_that_the_compiler_is_made_for() -> None:
    """A release that is raised without its table would fail in each compile."""
    platform = lowered("kserve-serverless", "dev")
    systems = {added.system for *_, additions in pods(platform) for added in additions}
    pinned = {
        f"{name} {prerequisite.version}"
        for name, instance in (("Istio", "istio"), ("KServe", "kserve"), ("Knative", "knative"))
        if (prerequisite := component_of(platform.platform.instances[instance]).prerequisites(
            platform.platform.instances[instance], platform.graph.wiring(instance)
        ))
    }  # fmt: skip
    assert systems == pinned
