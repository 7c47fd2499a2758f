"""The next revision applies over the one before, for every change that `diff` says can be applied.

Each labelled change of tests/test_changes.py is made for real, both ways: the objects that it
touches as they were, then as they are now. The cluster refuses the changes that `diff` rates as recreation, and
no others; the commands of the diff then work. Each change has its own namespaces,
so that all of them share one cluster.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from support.changing import changes, compiled, edited, original
from support.custom_resources import as_resource, custom_resources
from test_changes import LABELLED

from compiler.diff.fields import differences
from compiler.diff.immutable import IMMUTABLE, refused
from compiler.diff.objects import objects
from compiler.diff.wording import remedies
from live.control_plane import ControlPlane, Manifest
from live.test_apply import unchanged

pytestmark = pytest.mark.live

REVISION = "live.platformc.dev/revision"
ROADS = {"client-side": (), "server-side": ("--server-side",)}
Id = tuple[str, str, str]  # kind, namespace, name


@dataclass
class Revision:
    """A change: its objects, as they were and as they are now, and those that a cluster should refuse."""

    label: str
    before: list[Manifest]
    after: list[Manifest]
    refused: set[Id]
    commands: list[str]  # that the diff gives for refused objects


def identity(manifest: Manifest) -> Id:
    return manifest["kind"], manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]


def of_specs(label: str) -> Revision | None:
    """A labelled change of the spec; none where the environment itself is another."""
    spec = edited(LABELLED[label][0])
    default_environment = compiled(spec).lowered.get("default")
    if default_environment is None:
        return None
    old, new = objects(original().lowered["default"]), objects(default_environment)
    touched = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
    used = {key[2] for key in touched}
    touched |= {key for key in old.keys() | new.keys() if key[1] == "Namespace" and key[3] in used}
    actual = [change for change in changes(LABELLED[label][0]) if change.recreation]
    return Revision(
        label,
        [old[key].manifest for key in sorted(touched & old.keys())],
        [new[key].manifest for key in sorted(touched & new.keys())],
        {(resource.kind, resource.namespace, resource.name) for resource in actual},
        [
            command
            for resource in actual
            for remedy in remedies(resource)
            for command in re.findall(r"kubectl delete [^,]+", remedy)
        ],
    )


def object_of(kind: str, api: str, **fields: object) -> Manifest:
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": {"name": "it", "namespace": "more"},
        **fields,
    }


def service(**spec: object) -> Manifest:
    return object_of(
        "Service", "v1", spec={"ports": [{"port": 80}], "selector": {"a": "b"}, **spec}
    )


def claim(**spec: object) -> Manifest:
    room = {"resources": {"requests": {"storage": "2Gi"}}, "accessModes": ["ReadWriteOnce"]}
    return object_of("PersistentVolumeClaim", "v1", spec={"volumeName": "none", **room, **spec})


def deployment(label: str) -> Manifest:
    labels = {"a": "b", "both": label}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "i:1"}]}}
    spec = {"selector": {"matchLabels": labels}, "template": pod, "replicas": 0}
    return object_of("Deployment", "apps/v1", spec=spec)


def database(**spec: object) -> Manifest:
    base = {"name": "a", "owner": "b", "cluster": {"name": "c"}}
    return object_of("Database", "postgresql.cnpg.io/v1", spec={**base, **spec})


def role_binding(role: str) -> Manifest:
    group = "rbac.authorization.k8s.io"
    return object_of(
        "RoleBinding", f"{group}/v1",
        roleRef={"apiGroup": group, "kind": "Role", "name": role},
        subjects=[{"kind": "ServiceAccount", "name": "a", "namespace": "more"}],
    )  # fmt: skip


def backup(cluster: str) -> Manifest:
    spec = {"schedule": "0 0 0 * * *", "cluster": {"name": cluster}}
    return object_of("ScheduledBackup", "postgresql.cnpg.io/v1", spec=spec)


def pooler(cluster: str) -> Manifest:
    spec = {"cluster": {"name": cluster}, "pgbouncer": {"poolMode": "session"}}
    return object_of("Pooler", "postgresql.cnpg.io/v1", spec=spec)


def storage_class(**fields: object) -> Manifest:
    storage_class_object = object_of(
        "StorageClass", "storage.k8s.io/v1", provisioner="a.example.org", **fields
    )
    return {**storage_class_object, "metadata": {"name": "it"}}


# Beyond the effects of a change of the spec: pairs of objects, each differing in one thing.
PAIRS: dict[str, tuple[Manifest, Manifest]] = {
    "a Service's type": (service(), service(type="NodePort")),
    "a Service that is a name": (service(), service(type="ExternalName", externalName="a.example")),
    "a Service's port": (service(), service(ports=[{"port": 81}])),
    "a Service's address": (service(), service(clusterIP="None")),
    "a smaller claim": (claim(), claim(resources={"requests": {"storage": "1Gi"}})),
    "another mode of a claim": (claim(), claim(accessModes=["ReadWriteMany"])),
    "another class of a claim": (claim(), claim(storageClassName="other")),
    "another selector": (deployment("b"), deployment("c")),
    "another role": (role_binding("a"), role_binding("b")),
    "another database": (database(), database(name="b")),
    "another owner of a database": (database(), database(owner="c")),
    "another reclaim policy of a database": (database(), database(databaseReclaimPolicy="delete")),
    "another cluster of a backup": (backup("a"), backup("b")),
    "another cluster of a pooler": (pooler("a"), pooler("b")),
    "another reclaim policy": (storage_class(), storage_class(reclaimPolicy="Retain")),
}


def of_pair(label: str) -> Revision:
    before, after = PAIRS[label]
    actual = any(
        refused(before["kind"], field, as_resource(before).custom)
        for field in differences(before, after)
    )
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "more"}}
    return Revision(
        label, [space, before], [space, after], {identity(before)} if actual else set(), []
    )


def revisions() -> Iterator[Revision]:
    for index, revision in enumerate([*map(of_specs, LABELLED), *map(of_pair, PAIRS)]):
        if revision is not None:
            yield apart(revision, f"-{index}")


def apart(original: Revision, suffix: str) -> Revision:
    """The change in its own namespaces."""

    def placed(manifest: Manifest, revision: str) -> Manifest:
        placed_manifest = copy.deepcopy(manifest)
        metadata = placed_manifest["metadata"]
        if "namespace" in metadata:
            metadata["namespace"] += suffix
        else:
            metadata["name"] += suffix
        metadata["annotations"] = {**metadata.get("annotations", {}), REVISION: revision}
        for subject in placed_manifest.get("subjects", ()):
            subject["namespace"] += suffix
        return placed_manifest

    return Revision(
        original.label,
        [placed(manifest, "before") for manifest in original.before],
        [placed(manifest, "after") for manifest in original.after],
        {(kind, space and space + suffix, name if space else name + suffix)
         for kind, space, name in original.refused},
        [re.sub(r"(-n \S+)", rf"\1{suffix}", command) for command in original.commands],
    )  # fmt: skip


@pytest.fixture(scope="module")
def all_revisions() -> list[Revision]:
    return list(revisions())


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A cluster on which no pod runs: whether they become ready is asked of the scenarios
    (test_apply.py)."""
    plane = ControlPlane(tmp_path_factory.mktemp("cluster"))
    plane.stop("kwok")
    plane.stop("kube-scheduler")
    yield plane
    plane.close()


@pytest.fixture
def plane(still: ControlPlane) -> Iterator[ControlPlane]:
    yield still
    still.clear()


def in_order(manifests: Iterable[Manifest]) -> list[Manifest]:
    """Namespaces first: `kubectl apply -f` takes objects as they come."""
    return sorted(manifests, key=lambda manifest: manifest["kind"] != "Namespace")


def apply(plane: ControlPlane, road: str, manifests: list[Manifest], folder: Path) -> str:
    """Apply all of them; the errors of kubectl."""
    folder.mkdir(exist_ok=True)
    (folder / "all.yaml").write_text(yaml.safe_dump_all(manifests))
    words = ("apply", *ROADS[road], "-f", str(folder / "all.yaml"))
    return plane.run(*words, timeout=400).stderr


def stamped(plane: ControlPlane, manifests: Iterable[Manifest]) -> dict[Id, str]:
    """Which revision each object is of, as the cluster has it."""
    kinds = sorted(
        {
            f"{manifest['kind']}.{manifest['apiVersion'].rpartition('/')[0]}".rstrip(".")
            for manifest in manifests
        }
    )
    actual = {}
    for kind in kinds:
        for item in json.loads(plane.kubectl("get", kind, "-A", "-o", "json"))["items"]:
            actual[identity(item)] = item["metadata"].get("annotations", {}).get(REVISION, "")
    return actual


@pytest.mark.parametrize("road", ROADS)
def test_the_next_revision_applies_unless_it_is_a_recreation(
    road: str, all_revisions: list[Revision], plane: ControlPlane, tmp_path: Path
) -> None:
    before = in_order(manifest for revision in all_revisions for manifest in revision.before)
    after = in_order(manifest for revision in all_revisions for manifest in revision.after)
    plane.install([*before, *after])
    assert apply(plane, road, before, tmp_path / "before") == ""
    message = apply(plane, road, after, tmp_path / "after")
    assert "Warning" not in message, message
    now = stamped(plane, after)
    accepted = {identity(manifest) for manifest in after if now.get(identity(manifest)) == "after"}
    for revision in all_revisions:
        wrong = {identity(manifest) for manifest in revision.after} - accepted ^ revision.refused
        assert not wrong, f"{revision.label}: {wrong}\n{message}"

    accepted_manifests = [manifest for manifest in after if identity(manifest) in accepted]
    unchanged(
        plane,
        accepted_manifests,
        lambda: apply(plane, road, accepted_manifests, tmp_path / "again"),
    )
    _recreate(plane, road, all_revisions, tmp_path)


def _recreate(plane: ControlPlane, road: str, all_revisions: list[Revision], folder: Path) -> None:
    """The commands of the diff for a recreation, run as printed."""
    commanded_revisions = [revision for revision in all_revisions if revision.commands]
    assert commanded_revisions
    plane.shell(
        "\n".join(command for revision in commanded_revisions for command in revision.commands),
        folder,
    )
    after = in_order(manifest for revision in commanded_revisions for manifest in revision.after)
    assert apply(plane, road, after, folder / "recreated") == ""
    now = stamped(plane, after)
    assert {now[identity(manifest)] for manifest in after} == {"after"}


def test_every_immutable_field_is_among_the_changes(all_revisions: list[Revision]) -> None:
    kinds = {kind for revision in all_revisions for kind, _, _ in revision.refused}
    for pattern, _, _ in IMMUTABLE:
        assert any(re.fullmatch(pattern, kind) for kind in kinds), pattern
    assert {
        custom_resource.kind
        for custom_resource in custom_resources().values()
        if custom_resource.immutable
    } <= kinds
