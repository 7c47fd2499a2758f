"""Sizes of stores, memory and scratch space that follow from their content, over ranges of values.

`sizes` marks the row of docs/sizes.md that a test covers; tests/test_sizes_table.py reads the marks.
"""

from __future__ import annotations

from itertools import product
from math import ceil

import pytest
from support.sizes import codes, disk, limit, lowered, pod

from compiler.components.seaweedfs import volumes
from compiler.model.manifest import Manifest
from compiler.spec import quantity
from compiler.spec.quantity import GIB, MIB

sizes = pytest.mark.sizes

# Stores ----------------------------------------------------------------------------------------


@sizes("`seaweedfs`: volumes on its disk")
@pytest.mark.parametrize(
    ("storage", "buckets"), [*product((1, 2, 5, 10, 50, 200, 2000), (1, 2, 4, 7, 20, 40))]
)
def test_every_bucket_has_volumes_to_grow_into(storage: int, buckets: int) -> None:
    size = volumes.limit(storage * GIB, buckets)
    # Each collection has one volume that is not full, the filer's own among them.
    assert volumes.slots(storage * GIB, size) >= 2 * (buckets + 1) or size == volumes.SMALLEST
    if storage * GIB >= volumes.needed(buckets):
        assert volumes.slots(storage * GIB, size) > buckets


@sizes("`seaweedfs`: volumes on its disk")
@pytest.mark.parametrize("buckets", [1, 3, 10, 100])
def test_a_disk_without_a_volume_for_each_bucket_does_not_compile(buckets: int) -> None:
    remotes = ", ".join(f"r{number}: {{}}" for number in range(buckets))
    dvc = f"    dvc: {{remotes: {{{remotes}}}, externalEndpoint: 'http://store.example'}}"
    for amount, expected in (
        (volumes.needed(buckets), []),
        (volumes.needed(buckets) - MIB, ["volume-size"]),
    ):
        assert codes(f"    seaweedfs: {{storage: {quantity.binary(amount)}}}\n{dvc}") == expected


@sizes("`seaweedfs`: volumes on its disk")
@pytest.mark.parametrize(("replicas", "copies"), [(3, 2), (5, 2), (4, 3), (12, 3)])
def test_disks_without_volumes_for_the_copies_do_not_compile(replicas: int, copies: int) -> None:
    """One server may be lost: what comes then has its copies on the others."""
    rest = "    postgres: {}\n    mlflow: {}"
    least = volumes.needed(1, replicas, copies)
    for amount, expected in ((least, []), (least - MIB, ["volume-size"])):
        section = f"{{replicas: {replicas}, copies: {copies}, storage: {quantity.binary(amount)}}}"
        assert codes(f"    seaweedfs: {section}\n{rest}") == expected, amount


def test_the_server_is_told_both() -> None:
    args = pod(lowered("    seaweedfs: {storage: 5Gi}"), "seaweedfs")["containers"][0]
    assert "-master.volumeSizeLimitMB=512" in args["args"]
    assert {"name": "WEED_MASTER_VOLUME_GROWTH_COPY_1", "value": "1"} in args["env"]


@sizes("`seaweedfs`, `minio`: `storage`")
@pytest.mark.parametrize("store", ["seaweedfs", "minio"])
@pytest.mark.parametrize("models", [(40,), (140,), (1, 1), (10, 20, 30), (3, 500)])
def test_a_store_holds_its_models(store: str, models: tuple[int, ...]) -> None:
    lines = "".join(
        f"\n    m{number}: {{format: sklearn, uri: s3://models/{number}, size: {size}Gi}}"
        for number, size in enumerate(models)
    )
    least = ceil(sum(models) / 0.9 / 0.93)
    for room, expected in ((least, []), (least - 1, ["volume-size"])):
        section = f"    {store}: {{storage: {room}Gi}}\n    kserve: {{mode: standard}}"
        assert codes(f"{section}\n  models:{lines}") == expected, room


@sizes("`seaweedfs`, `minio`: `storage`")
@pytest.mark.parametrize(("replicas", "copies"), [(3, 2), (8, 2), (4, 3), (9, 3)])
def test_several_servers_hold_their_models_with_all_copies(replicas: int, copies: int) -> None:
    largest = int(100 * replicas / copies * 0.93 * 0.9)
    for size, expected in ((largest, []), (largest + 2, ["volume-size"])):
        model = f"  models:\n    chat: {{format: sklearn, uri: s3://models/a, size: {size}Gi}}"
        store = f"    seaweedfs: {{replicas: {replicas}, copies: {copies}, storage: 100Gi}}\n    postgres: {{}}"
        assert codes(f"{store}\n    kserve: {{mode: standard}}\n{model}") == expected, size


@sizes("`seaweedfs`, `minio`: `storage`")
@pytest.mark.parametrize(("replicas", "parity"), [(1, 0), (4, 2), (5, 2), (6, 3), (8, 4), (16, 4)])
def test_an_erasure_set_holds_its_models_without_its_parity(replicas: int, parity: int) -> None:
    largest = int(100 * (replicas - parity) * 0.93 * 0.9)
    for size, expected in ((largest, []), (largest + 2, ["volume-size"])):
        model = f"  models:\n    chat: {{format: sklearn, uri: s3://models/a, size: {size}Gi}}"
        store = f"    minio: {{replicas: {replicas}, storage: 100Gi}}"
        assert codes(f"{store}\n    kserve: {{mode: standard}}\n{model}") == expected, size


# Memory ----------------------------------------------------------------------------------------


@sizes("`redis`, `valkey`: keys in memory")
@pytest.mark.parametrize("type", ["redis", "valkey"])
@pytest.mark.parametrize(("persistence", "share"), [("aof", 55), ("rdb", 55), ("none", 75)])
@pytest.mark.parametrize("memory", [64, 192, 1024, 8192])
def test_keys_fill_their_share_of_the_memory(
    type: str, persistence: str, share: int, memory: int
) -> None:
    section = f"{{memory: {memory}Mi, persistence: {persistence}}}"
    lowered_platform = lowered(f"    {type}: {section}")
    (config,) = lowered_platform.packages[type].configs
    assert f"\nmaxmemory {memory * MIB * share // 100}\n" in config.files[f"{type}.conf"]
    assert limit(pod(lowered_platform, type)) == memory * MIB


@sizes("`redis`, `valkey`: keys in memory")
@pytest.mark.parametrize("type", ["redis", "valkey"])
@pytest.mark.parametrize("memory", [64, 1024, 4096])
def test_a_limit_that_differs_from_the_memory_does_not_compile(type: str, memory: int) -> None:
    for memory_limit, expected in (
        (memory, []),
        (memory - 1, ["memory-limit"]),
        (memory * 2, ["memory-limit"]),
    ):
        limits = f"resources: {{limits: {{memory: {memory_limit}Mi}}}}"
        assert codes(f"    {type}: {{memory: {memory}Mi, {limits}}}") == expected, memory_limit


@sizes("`redis`, `valkey`: `storage`")
@pytest.mark.parametrize("type", ["redis", "valkey"])
@pytest.mark.parametrize(("persistence", "times"), [("aof", 3), ("rdb", 2)])
@pytest.mark.parametrize("memory", [1, 5, 16])
def test_a_log_or_snapshots_fit_on_their_disk(
    type: str, persistence: str, times: int, memory: int
) -> None:
    for room, expected in ((times * memory, []), (times * memory - 1, ["volume-size"])):
        section = f"{{memory: {memory}Gi, persistence: {persistence}, storage: {room}Gi}}"
        assert codes(f"    {type}: {section}") == expected


@sizes("`mlflow`: memory")
@pytest.mark.parametrize("workers", [1, 2, 4, 9, 16])
def test_mlflow_has_memory_for_its_workers(workers: int) -> None:
    spec = mlflow(f"{{workers: {workers}}}")
    resources = spec["containers"][0]["resources"]
    needed = (512 + 256 * workers) * MIB
    assert quantity.in_bytes(resources["requests"]["memory"]) == needed
    assert quantity.in_bytes(resources["limits"]["memory"]) == 2 * needed


# Scratch space ---------------------------------------------------------------------------------


@sizes("`/tmp` of every pod")
@pytest.mark.parametrize(
    ("limit", "room"),
    [
        ("512Mi", "256Mi"),
        ("1Gi", "512Mi"),
        ("2Gi", "1Gi"),
        ("3Gi", "2Gi"),
        ("50Gi", "49Gi"),
        ("50G", "46659Mi"),
    ],
)
def test_scratch_space_follows_the_limit_of_local_disk(limit: str, room: str) -> None:
    types = ("postgres", "seaweedfs", "redis", "mysql")
    disks = f"resources: {{limits: {{ephemeralStorage: {limit}}}}}"
    lowered_platform = lowered("\n".join(f"    {type}: {{{disks}}}" for type in types))
    for type in types:
        assert disk(pod(lowered_platform, type), "tmp") == quantity.in_bytes(room), type


@sizes("`/tmp` of every pod")
@pytest.mark.parametrize("amount", ["512Mi", "3Gi", "50Gi"])
def test_scratch_space_follows_the_largest_limit_of_a_pod(amount: str) -> None:
    """MLflow's pod has a container that migrates the schema, with a limit of 2Gi."""
    disks = f"resources: {{limits: {{ephemeralStorage: {amount}}}}}"
    spec = mlflow(f"{{{disks}}}")
    largest = max(quantity.in_bytes(amount), 2 * GIB)
    assert disk(spec, "tmp") == max(largest // 2, largest - GIB)


@sizes("`lakefs`: cache of metadata")
@pytest.mark.parametrize(
    ("section", "cache"),
    [
        ("{}", GIB),
        *(
            (f"{{resources: {{limits: {{ephemeralStorage: {limit}}}}}}}", cache)
            for limit, cache in (("2Gi", 512 * MIB), ("3G", 715 * MIB), ("4Gi", GIB), ("9Gi", GIB))
        ),
    ],
)
def test_the_cache_of_lakefs_and_its_volume_fit_on_its_disk(section: str, cache: int) -> None:
    spec = pod(lowered(f"    seaweedfs: {{}}\n    postgres: {{}}\n    lakefs: {section}"), "lakefs")
    (server,) = spec["containers"]
    env = {variable["name"]: variable.get("value") for variable in server["env"]}
    assert env["LAKEFS_COMMITTED_LOCAL_CACHE_SIZE_BYTES"] == str(cache)
    assert disk(spec, "cache") == 2 * cache <= limit(spec, "ephemeral-storage")


@sizes("`lakefs`: cache of metadata")
@pytest.mark.parametrize(
    ("limit", "expected"),
    [("64Mi", ["volume-size"]), ("255Mi", ["volume-size"]), ("256Mi", []), ("1Gi", [])],
)
def test_the_disk_of_lakefs_holds_ranges_next_to_the_cache(limit: str, expected: list[str]) -> None:
    section = f"{{resources: {{limits: {{ephemeralStorage: {limit}}}}}}}"
    assert codes(f"    seaweedfs: {{}}\n    postgres: {{}}\n    lakefs: {section}") == expected


@sizes("`mlflow`: local disk")
@pytest.mark.parametrize("workers", [1, 4, 16])
def test_a_proxying_server_has_room_for_whole_artefacts(workers: int) -> None:
    spec = mlflow(f"{{artifacts: proxied, workers: {workers}}}")
    assert disk(spec, "tmp") == 15 * GIB
    assert limit(spec, "ephemeral-storage") == 16 * GIB


@sizes("`mlflow`: local disk")
@pytest.mark.parametrize(
    ("section", "memory"),
    [
        ("workers: 1", 1536 * MIB),
        ("workers: 2", 2 * GIB),
        ("workers: 16", 9 * GIB),
        ("resources: {limits: {memory: 1Gi}}", GIB),
        ("resources: {limits: {memory: 3G}}", 2862 * MIB),
    ],
)
def test_a_server_that_serves_its_page_alone_has_as_much_disk_as_memory(
    section: str, memory: int
) -> None:
    spec = mlflow(f"{{{section}}}")
    assert limit(spec, "ephemeral-storage") == memory + GIB
    assert disk(spec, "tmp") == max(memory, GIB)


def mlflow(section: str) -> Manifest:
    """The pod of a tracking server."""
    rest = "    seaweedfs: {}\n    postgres: {maxConnections: 900}"
    return pod(lowered(f"{rest}\n    mlflow: {section}"), "mlflow")
