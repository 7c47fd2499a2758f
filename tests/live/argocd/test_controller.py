"""Argo CD's own application controller (3.5.7) delivers a platform by the plugin: in the order of the
waves, and past objects that are unhealthy for their own reasons."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from compiler import pipeline
from compiler.emit.manifests import manifests
from live.argocd.controller import NAMESPACE, ArgoCD, Repository
from live.argocd.sidecar import running
from live.control_plane import ControlPlane, Manifest
from live.platforms import platformc
from live.preparation import prepare
from live.stand_in import StandIn

pytestmark = pytest.mark.live

SPEC = """apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: ordered}
spec:
  namespace: ordered
  components:
    seaweedfs: {}
    kserve: {mode: standard}
  models:
    iris: {format: sklearn, uri: s3://models/iris}
  workloads:
    training: {image: registry.example.internal/training:1.0.0, schedule: 0 1 1 1 *, uses: [seaweedfs]}
    scoring: {image: registry.example.internal/scoring:1.0.0, schedule: 0 2 1 1 *, uses: [iris]}
    report: {image: registry.example.internal/report:1.0.0, run: once, uses: [iris]}
"""
WAVE = "argocd.argoproj.io/sync-wave"
APPLICATION = "ordered-default"
LATE_WORKLOAD = (
    "    late: {image: registry.example.internal/late:1.0.0, schedule: 0 3 1 1 *, uses: [iris]}\n"
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    repository = Repository(tmp_path_factory.mktemp("git") / "platform")
    repository.commit(SPEC)
    return repository


@pytest.fixture(scope="module")
def argo(
    plane: ControlPlane, repository: Repository, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ArgoCD]:
    """Argo CD with the objects that `platformc argocd applications` prints."""
    with running() as sidecar:
        prepare(plane, objects())
        argo = ArgoCD(plane, sidecar, tmp_path_factory.mktemp("argo") / "cd")
        words = ("argocd", "applications", "--repo", repository.address)
        plane.kubectl("apply", "-f", "-", stdin=platformc(*words, directory=repository.folder))
        yield argo


def objects(spec: str = SPEC) -> list[Manifest]:
    return manifests(pipeline.compile(spec.encode(), "platform.yaml").lowered["default"])


def exists(plane: ControlPlane, *words: str) -> bool:
    return plane.run("get", "-n", "ordered", *words).returncode == 0


def test_a_model_without_files_holds_up_only_the_jobs_that_call_it(
    argo: ArgoCD, plane: ControlPlane
) -> None:
    plane.until(lambda: exists(plane, "inferenceservice", "iris"), "model", 120)
    plane.until(lambda: "InferenceService/iris" in argo.waits_for(APPLICATION), "wait", 60)
    assert exists(plane, "cronjob", "training")
    assert exists(plane, "cronjob", "scoring")
    assert not exists(plane, "job", "report")


def test_each_wave_comes_after_the_one_before(argo: ArgoCD, plane: ControlPlane) -> None:
    with StandIn(plane, objects()):
        argo.until(APPLICATION, sync="Synced", health="Healthy", operation="Succeeded")
    created: dict[int, list[str]] = {}
    for manifest in objects():
        metadata = _live(plane, manifest)["metadata"]
        wave = int(metadata["annotations"][WAVE])
        created.setdefault(wave, []).append(metadata["creationTimestamp"])
    waves = sorted(created)
    assert len(waves) > 4
    for earlier, later in pairwise(waves):
        assert max(created[earlier]) <= min(created[later]), (earlier, later)


def test_a_schedule_whose_last_run_failed_holds_up_no_other_schedule_or_model(
    argo: ArgoCD, plane: ControlPlane, repository: Repository
) -> None:
    status = {
        "lastScheduleTime": "2026-01-02T01:00:00Z",
        "lastSuccessfulTime": "2026-01-01T01:05:00Z",
    }
    patch = json.dumps({"status": status})
    words = ("-n", "ordered", "--subresource=status", "--type=merge", "-p", patch)
    plane.kubectl("patch", "cronjob", "training", *words)
    argo.until(APPLICATION, health="Degraded")
    repository.commit(SPEC + LATE_WORKLOAD)
    argo.refresh(APPLICATION)
    plane.until(lambda: exists(plane, "cronjob", "late"), "new schedule", 120)


def _live(plane: ControlPlane, manifest: Manifest) -> Any:
    kind, group = manifest["kind"], manifest["apiVersion"].rpartition("/")[0]
    space = manifest["metadata"].get("namespace", NAMESPACE)
    words = ("get", "-n", space, "-o", "json", f"{kind}.{group}" if group else kind)
    return json.loads(plane.kubectl(*words, manifest["metadata"]["name"]))
