"""The last rows of the tables in docs/security.md are true of the reference platform."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from support.cluster import CONTAINERS, Template, objects_of, templates_of
from support.custom_resources import as_resource
from support.paths import ROOT, TOOLS
from support.reachability import selects

from compiler import pipeline
from compiler.derive.credentials import secrets_of
from compiler.derive.namespaces import platform_namespaces
from compiler.diagnostics.credentials import sounds_secret
from compiler.emit.manifests import render
from compiler.model.package import Lowered
from compiler.spec.image import split_image
from compiler.verify import kubeconform
from judges import checkov, kube_score

pytestmark = [pytest.mark.live, pytest.mark.judges]
REFERENCE = "platformc, reference platform"
COLUMNS = ("schema", "no limit", "root", "writable", "token", "no policy", "credentials", "floating",
           "dead", "dangling")  # fmt: skip


@cache
def tables() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Findings and counts: for each subject its cells."""
    text = (ROOT / "docs" / "security.md").read_text()
    blocks = [
        block.splitlines()[2:] for block in text.split("\n\n") if block.startswith("| subject")
    ]
    findings, counts = (
        {row[0].partition(" (")[0]: row[1:] for row in map(_cells, block)} for block in blocks
    )
    return findings, counts


def _cells(line: str) -> list[str]:
    return [cell.strip(" *") for cell in line.strip("|").split("|")]


@pytest.fixture(scope="module")
def prod() -> Lowered:
    return pipeline.compile((ROOT / "platform.yaml").read_bytes(), "platform.yaml").lowered["prod"]


def test_what_the_judges_say(prod: Lowered, tmp_path: Path) -> None:
    path = tmp_path / "prod.yaml"
    path.write_text(render(prod))
    pods = templates_of(prod)
    containers = [container for pod in pods for container in _containers(pod)]
    scored = kube_score.comments(path)
    failed = len(checkov.judge([path])[path].findings)
    assert tables()[0][REFERENCE] == [
        str(len(objects_of(prod))),
        f"{len(pods)}/{len(containers)}",
        f"{scored['critical']}/{scored['warning']}",
        f"{sum(scored.values()) / len(pods):.1f}",
        str(failed),
        f"{failed / len(pods):.1f}",
    ]


def test_what_is_counted(prod: Lowered, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{TOOLS}{os.pathsep}{os.environ['PATH']}")
    pods = templates_of(prod)
    containers = [(pod, container) for pod in pods for container in _containers(pod)]
    actual = [
        len(kubeconform.problems(render(prod))),
        sum("memory" not in container["resources"]["limits"] for _, container in containers),
        sum(
            not _security_context(pod, container).get("runAsNonRoot")
            for pod, container in containers
        ),
        sum(
            not _security_context(pod, container).get("readOnlyRootFilesystem")
            for pod, container in containers
        ),
        sum(pod.spec.get("automountServiceAccountToken") is not False for pod in pods),
        sum(not _under_a_policy(prod, pod) for pod in pods),
        sum(1 for _ in _credentials(prod, pods)),
        sum(_floats(container["image"]) for _, container in containers if "image" in container),
        len(set(_named(prod)) - set(_present(prod))),
    ]
    *counted, dead, dangling = tables()[1][REFERENCE]
    assert [*counted, dangling] == [str(cell) for cell in actual]
    assert dead == "unasked"
    assert len(set(_named(prod))) > 50


def _containers(pod: Template) -> Iterator[Any]:
    return (container for key in CONTAINERS for container in pod.spec.get(key, ()))


def _security_context(pod: Template, container: Any) -> dict[str, Any]:
    return {**pod.spec.get("securityContext", {}), **container.get("securityContext", {})}


def _under_a_policy(prod: Lowered, pod: Template) -> bool:
    """By more than the namespace's own denial: a policy names its peers."""
    labels = {**pod.labels, **as_resource(pod.owner).pod_labels}
    return any(
        manifest["kind"] == "NetworkPolicy"
        and manifest["metadata"]["namespace"] == pod.namespace
        and selects(manifest["spec"]["podSelector"], labels)
        for manifest in objects_of(prod)
    )


def _credentials(prod: Lowered, pods: list[Template]) -> Iterator[str]:
    """Secrets with something in them, and variables that sound like one and have a value."""
    yield from (
        manifest["metadata"]["name"]
        for manifest in objects_of(prod)
        if manifest["kind"] == "Secret"
    )
    for pod in pods:
        for container in _containers(pod):
            for variable in container.get("env", ()):
                value = re.sub(r"\$\(\w+\)|/\S*", "", variable.get("value", ""))
                if sounds_secret(variable["name"]) and value:
                    yield f"{pod.name} {variable['name']}"


def _floats(image: str) -> bool:
    _, tag, digest = split_image(image)
    return not digest and tag in ("", "latest", "main", "master", "nightly", "stable", "edge")


def _named(prod: Lowered) -> Iterator[tuple[str, str, str]]:
    """Kind, namespace and name of the objects that others refer to."""
    for manifest in objects_of(prod):
        space = manifest["metadata"].get("namespace", "")
        yield from (("Secret", space, name) for name in secrets_of(as_resource(manifest)))
        if manifest["kind"] in ("RoleBinding", "ClusterRoleBinding"):
            yield manifest["roleRef"]["kind"], space, manifest["roleRef"]["name"]
            for subject in manifest["subjects"]:
                yield subject["kind"], subject.get("namespace", ""), subject["name"]
        for name, home in re.findall(r"([a-z0-9-]+)\.([a-z0-9-]+)\.svc\b", str(manifest)):
            if home in platform_namespaces(prod):  # upstream systems own their objects
                yield "Service", home, name
    for pod in templates_of(prod):
        if "serviceAccountName" in pod.spec:
            yield "ServiceAccount", pod.namespace, pod.spec["serviceAccountName"]
        for volume in pod.spec.get("volumes", ()):
            if "configMap" in volume:
                yield "ConfigMap", pod.namespace, volume["configMap"]["name"]


def _present(prod: Lowered) -> Iterator[tuple[str, str, str]]:
    for manifest in objects_of(prod):
        space, name = manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]
        yield manifest["kind"], space, name
        if manifest["kind"] == "InferenceService":  # KServe makes it
            yield "Service", space, f"{name}-predictor"
        if manifest["kind"] == "Certificate":  # cert-manager makes it
            yield "Secret", space, manifest["spec"]["secretName"]
    for credential in prod.credentials:
        yield from (("Secret", space, credential.name) for space in credential.namespaces)


def test_the_reference_beats_the_best_of_every_other_row() -> None:
    findings, counts = tables()
    assert findings.keys() == counts.keys()
    assert len(counts) == 9
    peer_counts = {subject: cells for subject, cells in findings.items() if subject != REFERENCE}
    for column in (3, 5):
        best = min(float(cells[column]) for cells in peer_counts.values())
        assert float(findings[REFERENCE][column]) < best
    reference_counts = dict(zip(COLUMNS, counts[REFERENCE], strict=True))
    # The model's server, and facts that only a registry has.
    assert {name for name, cell in reference_counts.items() if cell != "0"} == {"writable", "dead"}
    for subject, cells in counts.items():
        spotless = set(cells) == {"0"}
        assert not spotless, subject  # no platform has all of them at once
