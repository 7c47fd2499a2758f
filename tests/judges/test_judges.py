"""Nothing but the documented exceptions is found in any scenario, by judges that really looked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from support.cluster import environments, lowered, objects
from support.reachability import selects
from test_network import pods

from compiler.emit.manifests import render
from compiler.model.manifest import Manifest
from compiler.model.resource import pod_template
from judges import checkov, kube_score, trivy
from judges.exceptions import EXCEPTIONS, reason
from judges.finding import Finding, Verdict

pytestmark = [pytest.mark.live, pytest.mark.judges]
ALL = (kube_score, checkov, trivy)
JUDGES = [pytest.param(judge, id=judge.__name__.rpartition(".")[2]) for judge in ALL]

each_judge = pytest.mark.parametrize("judge", JUDGES)
each_environment = pytest.mark.parametrize(("scenario", "environment"), environments())


Verdicts = dict[tuple[str, str], Verdict]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("judged")


@cache
def verdicts(judge: ModuleType, folder: Path) -> Verdicts:
    """The verdict of a judge about every environment of every scenario."""
    paths = {
        environment: folder / f"{'_'.join(environment)}.yaml" for environment in environments()
    }
    for object_key, path in paths.items():
        path.write_text(render(lowered(*object_key)))
    actual: Mapping[Path, Verdict] = judge.judge(tuple(paths.values()))
    return {object_key: _annotated(actual[path], *object_key) for object_key, path in paths.items()}


def _annotated(actual: Verdict, scenario: str, environment: str) -> Verdict:
    by_place = {_place(manifest): manifest for manifest in objects(scenario, environment)}
    findings = (
        _annotated_finding(finding, by_place, scenario, environment) for finding in actual.findings
    )
    return replace(actual, findings=tuple(findings))


def _place(manifest: Manifest) -> tuple[str, str, str]:
    metadata = manifest["metadata"]
    return manifest["kind"], metadata.get("namespace", ""), metadata["name"]


def _annotated_finding(
    finding: Finding, objects: dict[tuple[str, str, str], Manifest], scenario: str, environment: str
) -> Finding:
    """A finding with the data to judge the judge."""
    manifest = objects[finding.kind, finding.namespace, finding.name]
    operator = finding.kind == "NetworkPolicy" and any(
        pod.namespace == finding.namespace and selects(manifest["spec"]["podSelector"], pod.labels)
        for pod in pods(scenario, environment)
    )
    return replace(finding, labels=manifest["metadata"].get("labels", {}), operator=operator)


@each_judge
@each_environment
def test_nothing_is_found_but_the_exceptions(
    judge: ModuleType, scenario: str, environment: str, folder: Path
) -> None:
    actual = verdicts(judge, folder)[scenario, environment]
    assert [str(finding) for finding in actual.findings if reason(finding) is None] == []


@each_judge
@each_environment
def test_the_judge_really_looked(
    judge: ModuleType, scenario: str, environment: str, folder: Path
) -> None:
    """Every object of the kinds that it judges is in its report."""
    actual = verdicts(judge, folder)[scenario, environment]
    expected_keys = {_place(manifest) for manifest in objects(scenario, environment)}
    assert {
        object_key for object_key in expected_keys if object_key[0] in judge.KINDS
    } <= actual.looked_at
    assert actual.passed > 0


FLAWED = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: bad, namespace: bad}
spec:
  replicas: 2
  selector: {matchLabels: {app: bad}}
  template:
    metadata: {labels: {app: bad}}
    spec:
      containers:
      - {name: bad, image: 'busybox', securityContext: {privileged: true}}
"""


@each_judge
def test_the_judge_finds_what_is_wrong(judge: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(FLAWED)
    assert len(judge.judge([path])[path].findings) >= 5


def test_trivy_looks_into_every_workload(tmp_path: Path) -> None:
    """Its checks pass on unrelated objects: so a privileged container is put into each."""
    path = tmp_path / "privileged.yaml"
    manifests = objects("oss-mlops", "default")
    workloads = [manifest for manifest in manifests if pod_template(manifest) is not None]
    path.write_text(yaml.dump_all(_privileged(workload) for workload in workloads))
    actual = {(finding.kind, finding.namespace, finding.name) for finding in trivy.judge([path])[path].findings
             if finding.check == "KSV-0017"}  # fmt: skip
    assert actual == {_place(workload) for workload in workloads}


def _privileged(manifest: Manifest) -> Manifest:
    worse = deepcopy(manifest)
    template = pod_template(worse)
    assert template is not None
    template["spec"]["containers"][0]["securityContext"]["privileged"] = True
    return worse


def test_every_exception_is_needed(folder: Path) -> None:
    findings = list(_all(folder))
    idle = [
        exception.explanation for exception in EXCEPTIONS
        if not any(finding.check in exception.checks and exception.where(finding) for finding in findings)
    ]  # fmt: skip
    assert idle == []


def _all(folder: Path) -> Iterator[Finding]:
    for judge in ALL:
        for verdict in verdicts(judge, folder).values():
            yield from verdict.findings
