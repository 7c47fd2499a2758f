"""Volumes of Jobs, of moves and of models, over ranges of values; and a row or a reason for every volume.

`sizes` marks the row of docs/sizes.md that a test covers; tests/test_sizes_table.py reads the marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from support.paths import ROOT
from support.scenarios import compiled, scenario_names
from support.sizes import cluster, codes, disk, limit, lowered, rows

from compiler.model.instance import Instance
from compiler.model.manifest import Manifest
from compiler.model.package import Package
from compiler.spec import quantity
from compiler.spec.quantity import GIB, MIB

sizes = pytest.mark.sizes

# The row of each volume; of those called `data`, by the type of the component.
ROWS = {
    "tmp": "`/tmp` of every pod",
    "cache": "`lakefs`: cache of metadata",
    "backup": "`postgres`, `mysql`: folder of a backup",
    "restored": "`cloudnative-pg`: disk of a drill",
    "move": "`move`: folder of a move",
    "provision-location": "`seldon`: copy of a model",
    "postgres": "`postgres`, `cloudnative-pg`: `storage`",
    "cloudnative-pg": "`postgres`, `cloudnative-pg`: `storage`",
    "mysql": "`mysql`: `storage`",
    "redis": "`redis`, `valkey`: `storage`",
    "valkey": "`redis`, `valkey`: `storage`",
    "minio": "`seaweedfs`, `minio`: `storage`",
    "seaweedfs": "`seaweedfs`, `minio`: `storage`",
    "seaweedfs-master": "`seaweedfs`: log of the masters",
}


def pods(manifest: Manifest) -> Iterator[Manifest]:
    """The specs of pods in an object, at any depth."""
    if "containers" in manifest and isinstance(manifest["containers"], list):
        yield manifest
    for value in manifest.values():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                yield from pods(part)


def volumes(package: Package) -> Iterator[str]:
    """A name for each volume with a size: its own, or for disks that stay the component's type."""
    instance = package.instance
    if instance is None:  # the platform's own: namespaces, accounts
        return
    for resource in package.resources:
        manifest = resource.manifest
        for spec in pods(manifest):
            for volume in spec.get("volumes", ()):
                if "emptyDir" in volume:
                    assert volume["emptyDir"]["sizeLimit"], (resource.name, volume)
                    yield named(volume["name"], instance)
        for _ in manifest.get("spec", {}).get("volumeClaimTemplates", ()):
            master = resource.name.endswith("-master")
            yield f"{instance.type}-master" if master else instance.type
        if resource.kind == "Cluster":
            assert manifest["spec"]["storage"]["size"]
            yield instance.type


def named(volume: str, instance: Instance[Any]) -> str:
    if volume == "backup" and instance.section == "moves":
        return "move"
    if volume.startswith("user-"):
        return "user-NAME"
    return re.sub(r"^[a-z]+-(provision-location)$", r"\1", volume)


def fixed() -> set[str]:
    """The volumes that docs/sizes.md lists with a fixed size."""
    text = (ROOT / "docs" / "sizes.md").read_text(encoding="utf-8")
    heads = re.findall(r"^- (`.*?) \(", text, re.MULTILINE)
    return {name for head in heads for name in re.findall(r"`([\w-]+)`", head)}


def test_every_volume_has_a_row_or_a_fixed_size() -> None:
    every = {
        name
        for scenario in scenario_names()
        for environment in compiled(scenario).lowered.values()
        for package in environment.all_packages
        for name in volumes(package)
    }
    assert sorted(every - ROWS.keys() - fixed()) == []
    assert sorted((ROWS.keys() | fixed()) - every) == []
    assert set(ROWS.values()) <= {row.name for row in rows()}


# Jobs ------------------------------------------------------------------------------------------


def jobs(components: str, instance: str) -> dict[str, Manifest]:
    """The pods of an instance's CronJobs, by the end of their names."""
    package = lowered(components).packages[instance]
    return {
        resource.name.removeprefix(f"{instance}-"): next(pods(resource.manifest))
        for resource in package.resources
        if resource.kind == "CronJob"
    }


def limits(spec: Manifest) -> list[int]:
    containers: list[Any] = [*spec.get("initContainers", ()), *spec["containers"]]
    disks = (container["resources"]["limits"]["ephemeral-storage"] for container in containers)
    return [quantity.in_bytes(amount) for amount in disks]


@sizes("`postgres`, `mysql`: folder of a backup")
@pytest.mark.parametrize("type", ["postgres", "mysql"])
@pytest.mark.parametrize("storage", ["2Gi", "20Gi", "100Gi", "1Ti"])
def test_a_dump_may_be_as_large_as_the_disk_of_its_server(type: str, storage: str) -> None:
    specs = jobs(
        f"    seaweedfs: {{}}\n    outside: {{type: external-s3, host: s3.example.com}}\n"
        f"    {type}: {{storage: {storage}}}\n"
        f"  workloads:\n    job: {{image: registry.example.internal/job:1.0.0, uses: [{type}]}}\n"
        '  backup: {to: outside, schedule: "0 2 * * *", keep: 30d, drill: "0 5 * * 0"}',
        type,
    )
    assert specs.keys() == {"backup", "restore", "drill"}
    for spec in specs.values():
        assert disk(spec, "backup") == quantity.in_bytes(storage)
        assert limits(spec) == [quantity.in_bytes(storage)] * 2


@sizes("`cloudnative-pg`: disk of a drill")
@pytest.mark.parametrize("connections", [100, 400])
@pytest.mark.parametrize("storage", ["512Mi", "20Gi", "100Gi", "1Ti"])
def test_a_drill_has_the_disk_and_the_memory_of_a_server(storage: str, connections: int) -> None:
    type = "cloudnative-pg"
    platform = (
        "    outside: {type: external-s3, host: s3.example.com}\n"
        f"    {type}: {{storage: {storage}, maxConnections: {connections}, backup: {{}}}}"
    )
    spec = jobs(platform, type)["drill"]
    assert disk(spec, "restored") == quantity.in_bytes(storage) + GIB
    assert limits(spec) == [quantity.in_bytes(storage) + 2 * GIB]
    server = cluster(lowered(platform))["resources"]["limits"]
    assert limit(spec) == quantity.in_bytes(server["memory"])


@sizes("`move`: folder of a move")
@pytest.mark.parametrize(
    ("old", "new", "room"),
    [
        ("postgres: {storage: 7Gi}", "successor: {type: postgres, storage: 9Gi}", 7 * GIB),
        ("mysql: {storage: 300Gi}", "successor: {type: mysql}", 300 * GIB),
        ("redis: {memory: 8Gi}", "valkey: {memory: 9Gi}", 27 * GIB),
        ("minio: {}", "seaweedfs: {}", 4 * GIB),
    ],
)
def test_a_move_has_room_for_a_dump_of_the_old_instance(old: str, new: str, room: int) -> None:
    origin, successor = old.partition(":")[0], new.partition(":")[0]
    spec = jobs(
        f"    {old}\n    {new}\n  move: {{from: {origin}, to: {successor}}}\n"
        f"  workloads:\n    job: {{image: registry.example.internal/job:1.0.0, uses: [{origin}]}}",
        "move",
    )["move"]
    assert disk(spec, "backup") == room
    assert limits(spec) == [room]


# Workloads -------------------------------------------------------------------------------------


def workload(keys: str) -> str:
    """A platform with a workload, and one component that it uses."""
    return (
        "    redis: {}\n  workloads:\n"
        f"    train: {{image: registry.example.internal/train:1.0.0, uses: [redis], {keys}}}"
    )


def volume(size: str, rest: str = "") -> str:
    return f"volumes: {{scratch: {{mountPath: /scratch, size: {size}{rest}}}}}"


def amounts(keys: str, amount: str) -> tuple[str, str]:
    """The request and the limit of the container."""
    package = lowered(workload(keys)).packages["train"]
    (spec,) = [spec for resource in package.resources for spec in pods(resource.manifest)]
    resources = spec["containers"][0]["resources"]
    return resources["requests"][amount], resources["limits"][amount]


@sizes("`workloads`: limit of local disk")
@pytest.mark.parametrize(
    ("size", "request_amount", "limit_amount"),
    [("512Mi", "1536Mi", "10752Mi"), ("20Gi", "21Gi", "30Gi"), ("1Ti", "1025Gi", "1034Gi")],
)
def test_a_pod_may_fill_its_scratch_space(
    size: str, request_amount: str, limit_amount: str
) -> None:
    """A kubelet evicts a pod whose local disk is over its limit, whatever the size of the volume."""
    assert amounts(volume(size), "ephemeral-storage") == (request_amount, limit_amount)
    assert amounts(volume(size), "memory") == ("1Gi", "2Gi")
    small = f"resources: {{limits: {{ephemeralStorage: 500Mi}}}}, {volume(size)}"
    assert codes(workload(small)) == ["volume-size"]
    assert codes(workload(small.replace("500Mi", size))) == []


@sizes("`workloads`: memory limit")
@pytest.mark.parametrize(
    ("size", "request_amount", "limit_amount"),
    [("512Mi", "1536Mi", "2560Mi"), ("2Gi", "3Gi", "4Gi"), ("64Gi", "65Gi", "66Gi")],
)
def test_a_pod_may_fill_its_shared_memory(
    size: str, request_amount: str, limit_amount: str
) -> None:
    """The kernel kills a container whose memory, with its volumes in memory, is over its limit."""
    shared = volume(size, ", inMemory: true")
    assert amounts(shared, "memory") == (request_amount, limit_amount)
    assert amounts(shared, "ephemeral-storage") == ("1Gi", "10Gi")
    small = f"resources: {{limits: {{memory: {size}}}}}, {shared}"
    assert codes(workload(small)) == ["memory-limit"]
    enough = quantity.binary(quantity.in_bytes(size) + 128 * MIB)
    assert codes(workload(small.replace(size, enough, 1))) == []


# Models and masters ----------------------------------------------------------------------------


@sizes("`seldon`: copy of a model")
@pytest.mark.parametrize(
    ("size", "room"),
    [("", 2048), ("100Mi", 2048), ("1Gi", 2048), ("1500Mi", 2524), ("40Gi", 41984)],
)
def test_a_model_on_seldon_has_room_for_its_copy(size: str, room: int) -> None:
    amount = f", size: {size}" if size else ""
    platform = lowered(
        "    seaweedfs: {storage: 200Gi}\n    istio: {}\n    seldon: {}\n"
        f"  models:\n    churn: {{format: sklearn, uri: s3://models/churn, access: public{amount}}}\n"
        "  silence:\n    - {code: refused-pod, reason: its engine keeps its capabilities}"
    )
    (spec,) = [
        spec for resource in platform.models["churn"].resources for spec in pods(resource.manifest)
    ]
    assert disk(spec, "classifier-provision-location") == room * MIB
    assert limits(spec)[0] == room * MIB


@sizes("`seaweedfs`: log of the masters")
@pytest.mark.parametrize(("replicas", "storage"), [(3, "10Gi"), (7, "1Ti"), (64, "4Ti")])
def test_the_masters_of_seaweedfs_keep_no_objects(replicas: int, storage: str) -> None:
    platform = lowered(
        f"    seaweedfs: {{replicas: {replicas}, storage: {storage}}}\n    postgres: {{}}"
    )
    (master,) = [
        resource.manifest["spec"]
        for resource in platform.packages["seaweedfs"].resources
        if (resource.kind, resource.name) == ("StatefulSet", "seaweedfs-master")
    ]
    (claim,) = master["volumeClaimTemplates"]
    assert (master["replicas"], claim["spec"]["resources"]["requests"]["storage"]) == (3, "1Gi")
