"""Compiled objects apply: every environment of every scenario, on a real API server.

Pod Security `restricted` is enforced by the namespaces' own labels, warnings fail, a second apply
changes nothing, and objects of controllers become Ready.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import jsonpatch
import pytest
from support.cluster import environments
from support.invalid_deployments import deployment, refused
from support.pod_patches import PATCHES, SOUND, admitted_by
from support.scenarios import compiled

from live.control_plane import ControlPlane, Manifest
from live.platforms import read
from live.preparation import prepare

pytestmark = pytest.mark.live

READY = 90.0


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    plane = ControlPlane(tmp_path_factory.mktemp("cluster"))
    yield plane
    plane.close()


@pytest.fixture
def plane(cluster: ControlPlane) -> Iterator[ControlPlane]:
    """A cluster without anything but definitions."""
    yield cluster
    cluster.clear()


@pytest.mark.parametrize(("scenario", "environment"), environments())
def test_applies_both_ways(
    scenario: str, environment: str, plane: ControlPlane, tmp_path: Path
) -> None:
    tree = tmp_path / "platform"
    write(scenario, environment, tree)
    objects = read(tree / "out" / environment)
    prepare(plane, objects)
    roots = [tree / root for root in roots_of(tree, environment)]
    for root in roots:
        plane.kubectl("apply", "-k", str(root))
    becomes_ready(plane, objects)
    unchanged(plane, objects, lambda: [plane.kubectl("apply", "-k", str(root)) for root in roots])
    # The other way takes the fields over: a list with defaults inside looks changed to it.
    rendered = ["apply", "--server-side", "-f", str(tree / "out" / environment)]
    plane.kubectl(*rendered, "--force-conflicts")
    unchanged(plane, objects, lambda: plane.kubectl(*rendered))


def test_refuses_what_the_compiler_refuses(plane: ControlPlane) -> None:
    ask = ("apply", "--server-side", "--dry-run=server", "-f", "-")
    plane.kubectl(*ask, stdin=json.dumps(deployment()))
    accepted = [
        reason
        for reason, (manifest, _) in refused().items()
        if plane.run(*ask, stdin=json.dumps(manifest)).returncode == 0
    ]
    assert not accepted


def test_pod_security_admits_what_the_compiler_says(plane: ControlPlane) -> None:
    levels = ("restricted", "baseline", "privileged")
    for level in levels:
        enforced = {"pod-security.kubernetes.io/enforce": level}
        space = {"kind": "Namespace", "metadata": {"name": level, "labels": enforced}}
        account = {"kind": "ServiceAccount", "metadata": {"name": "default", "namespace": level}}
        for manifest in (space, account):
            text = json.dumps({"apiVersion": "v1", **manifest})
            plane.kubectl("apply", "--server-side", "-f", "-", stdin=text)
    expected, actual, invalid = {}, {}, []
    for operation, _ in PATCHES:
        pod = jsonpatch.apply_patch(SOUND, [operation])
        manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "asked"}, "spec": pod}
        ask = ("create", "--dry-run=server", "-f", "-", "-n")
        refusals = [plane.run(*ask, level, stdin=json.dumps(manifest)).stderr for level in levels]
        if refusals[-1]:  # an invalid pod, which no level of Pod Security judges
            invalid.append(operation["path"].rpartition("/")[2])
            continue
        assert all("violates PodSecurity" in text for text in refusals if text), refusals
        expected[str(operation)] = admitted_by(pod)
        actual[str(operation)] = levels[[not text for text in refusals].index(True)]
    assert actual == expected
    # They contradict another setting of the pod, or this server's own settings.
    assert set(invalid) <= {"privileged", "allowPrivilegeEscalation", "procMount", "windowsOptions"}


def write(scenario: str, environment: str, directory: Path) -> None:
    for path, text in compiled(scenario).tree(rendered=[environment]).items():
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def roots_of(tree: Path, environment: str) -> list[str]:
    """One root over all, or the list of them where there are too many objects for one."""
    listed = tree / "overlays" / environment / "ROOTS"
    return listed.read_text().split() if listed.exists() else [f"overlays/{environment}"]


def becomes_ready(plane: ControlPlane, objects: Iterable[Manifest]) -> None:
    spaces = namespaces(objects)

    def all_ready() -> bool:
        return not waiting(plane.listed(spaces))

    try:
        plane.until(all_ready, "readiness", READY)
    except AssertionError as problem:
        unready = waiting(plane.listed(spaces))
        events = plane.run("get", "events", "-A", "--field-selector=type=Warning").stdout
        pytest.fail(f"not ready: {unready}\n{events[-3000:]}\n{problem}")


def waiting(objects: Iterable[Manifest]) -> list[str]:
    """Servers whose replicas are not all ready, and Jobs that are not complete."""
    actual = []
    for manifest in objects:
        status, expected = (
            manifest.get("status", {}),
            manifest["spec"].get("replicas") if "spec" in manifest else 0,
        )
        if manifest["kind"] in ("Deployment", "StatefulSet"):
            result = status.get("readyReplicas", 0) == expected == status.get("updatedReplicas", 0)
        else:
            result = manifest["kind"] != "Job" or status.get("succeeded", 0) > 0
        if not result:
            actual.append(f"{manifest['kind']} {manifest['metadata']['name']}")
    return actual


def namespaces(objects: Iterable[Manifest]) -> list[str]:
    return sorted(
        {
            manifest["metadata"]["namespace"]
            for manifest in objects
            if "namespace" in manifest["metadata"]
        }
    )


def unchanged(
    plane: ControlPlane, objects: Iterable[Manifest], action: Callable[[], object]
) -> None:
    """Nothing in the cluster moves when the same is applied again."""
    spaces = namespaces(objects)
    before = plane.contents(spaces)
    action()
    after = plane.contents(spaces)
    assert after == before, sorted(name for name in after if after[name] != before.get(name))
