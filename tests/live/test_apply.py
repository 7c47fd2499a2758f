"""Compiled objects apply: every environment of every scenario, on a real API server.

Pod Security `restricted` is enforced by the namespaces' own labels, warnings fail, a second apply
changes nothing, and objects of controllers become Ready.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from support.cluster import environments
from support.invalid_deployments import deployment, refused
from support.scenarios import compiled

from live.control_plane import ControlPlane, Manifest
from live.platforms import read
from live.pods.objects import pod_template

pytestmark = pytest.mark.live

READY = 90.0
SCHEDULED = ("Deployment", "StatefulSet", "Job", "CronJob")


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


def write(scenario: str, environment: str, directory: Path) -> None:
    for path, text in compiled(scenario).tree(rendered=[environment]).items():
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def roots_of(tree: Path, environment: str) -> list[str]:
    """One root over all, or the list of them where there are too many objects for one."""
    listed = tree / "overlays" / environment / "ROOTS"
    return listed.read_text().split() if listed.exists() else [f"overlays/{environment}"]


def prepare(plane: ControlPlane, objects: list[Manifest]) -> None:
    """The objects that must be there first, as the spec's author knows: operators' namespaces and definitions,
    volumes to bind, the nodes' labels, the classes of priority."""
    plane.install(objects)
    namespaces = {
        manifest["metadata"]["name"] for manifest in objects if manifest["kind"] == "Namespace"
    }
    used = {manifest["metadata"].get("namespace", "default") for manifest in objects}
    plane.apply(namespace(name) for name in sorted(used - namespaces - {"default", "kube-system"}))
    plane.apply(volume(index, name) for index, name in enumerate(claims(objects)))
    pods = [pod_template(manifest)["spec"] for manifest in objects if manifest["kind"] in SCHEDULED]
    plane.apply(
        priority_class(name)
        for name in sorted({pod["priorityClassName"] for pod in pods if "priorityClassName" in pod})
    )
    for label in sorted({item for pod in pods for item in pod.get("nodeSelector", {}).items()}):
        plane.kubectl("label", "nodes", "--all", "--overwrite", "=".join(label))


def namespace(name: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def priority_class(name: str) -> Manifest:
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": name},
        "value": 1000,
    }


def claims(objects: Iterable[Manifest]) -> list[str]:
    """The class of every volume that an environment asks for."""
    actual = []
    for manifest in objects:
        if manifest["kind"] == "StatefulSet":
            templates = manifest["spec"].get("volumeClaimTemplates", ())
            actual += [claim["spec"] for claim in templates] * manifest["spec"].get("replicas", 1)
        elif manifest["kind"] == "PersistentVolumeClaim":
            actual.append(manifest["spec"])
    return [claim.get("storageClassName", "standard") for claim in actual]


def volume(index: int, storage_class: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"volume-{index}"},
        "spec": {
            "capacity": {"storage": "10Ti"},
            "accessModes": ["ReadWriteOnce", "ReadWriteMany"],
            "storageClassName": storage_class,
            "hostPath": {"path": "/nowhere"},
        },
    }


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
