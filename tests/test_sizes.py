"""Sizes that follow from their content, over ranges of values."""

from __future__ import annotations

import re
from itertools import product

import pytest
from support.paths import ROOT

from compiler.components.bases import postgres
from compiler.components.seaweedfs import volumes
from compiler.model.package import Lowered
from compiler.model.resource import Manifest
from compiler.pipeline import compile as compile_spec
from compiler.spec import quantity
from compiler.spec.quantity import GIB, MIB

HEAD = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: sizes}\nspec:\n  components:\n"


def lowered(components: str) -> Lowered:
    """The one environment of a platform with some components, each on its own line."""
    compilation = compile_spec(f"{HEAD}{components}\n".encode(), "platform.yaml")
    assert not compilation.report.failed, compilation.report.diagnostics
    return compilation.lowered["default"]


def codes(components: str) -> list[str]:
    report = compile_spec(f"{HEAD}{components}\n".encode(), "platform.yaml").report
    return [diagnostic.code for diagnostic in report.diagnostics if diagnostic.severity == "error"]


def pod(lowered_platform: Lowered, name: str) -> Manifest:
    kinds = ("StatefulSet", "Deployment")
    (actual,) = [
        r.manifest
        for r in lowered_platform.packages[name].resources
        if r.kind in kinds and r.name == name
    ]
    spec: Manifest = actual["spec"]["template"]["spec"]
    return spec


def disk(spec: Manifest, name: str) -> int:
    (actual,) = [
        volume["emptyDir"]["sizeLimit"] for volume in spec["volumes"] if volume["name"] == name
    ]
    return quantity.whole(actual)


def limit(spec: Manifest, key: str = "memory") -> int:
    return quantity.whole(spec["containers"][0]["resources"]["limits"][key])


# SeaweedFS -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("storage", "buckets"), [*product((1, 2, 5, 10, 50, 200, 2000), (1, 2, 4, 7, 20, 40))]
)
def test_every_bucket_has_volumes_to_grow_into(storage: int, buckets: int) -> None:
    size = volumes.limit(storage * GIB, buckets)
    # Each collection has one volume that is not full, the filer's own among them.
    assert volumes.slots(storage * GIB, size) >= 2 * (buckets + 1) or size == volumes.SMALLEST
    if storage * GIB >= volumes.needed(buckets):
        assert volumes.slots(storage * GIB, size) > buckets


@pytest.mark.parametrize("buckets", [1, 3, 10, 100])
def test_a_disk_without_a_volume_for_each_bucket_does_not_compile(buckets: int) -> None:
    remotes = ", ".join(f"r{number}: {{}}" for number in range(buckets))
    dvc = f"    dvc: {{remotes: {{{remotes}}}, externalEndpoint: 'http://store.example'}}"
    for amount, expected in (
        (volumes.needed(buckets), []),
        (volumes.needed(buckets) - MIB, ["volume-size"]),
    ):
        assert codes(f"    seaweedfs: {{storage: {quantity.binary(amount)}}}\n{dvc}") == expected


def test_the_server_is_told_both() -> None:
    args = pod(lowered("    seaweedfs: {storage: 5Gi}"), "seaweedfs")["containers"][0]
    assert "-master.volumeSizeLimitMB=512" in args["args"]
    assert {"name": "WEED_MASTER_VOLUME_GROWTH_COPY_1", "value": "1"} in args["env"]


@pytest.mark.parametrize(("size", "storage"), [("40Gi", "50Gi"), ("140Gi", "200Gi")])
def test_a_store_holds_its_models(size: str, storage: str) -> None:
    model = f"  models:\n    chat: {{format: sklearn, uri: s3://models/a, size: {size}}}"
    for store in ("seaweedfs", "minio"):
        rest = f"    kserve: {{mode: standard}}\n{model}"
        assert codes(f"    {store}: {{storage: {storage}}}\n{rest}") == []
        assert codes(f"    {store}: {{storage: {size}}}\n{rest}") == ["volume-size"]


# Databases -------------------------------------------------------------------------------------


@pytest.mark.parametrize("connections", [20, 100, 150, 200, 500, 1000, 5000, 10000])
@pytest.mark.parametrize("type", ["postgres", "cloudnative-pg"])
def test_a_postgresql_has_memory_for_its_connections(type: str, connections: int) -> None:
    lowered_platform = lowered(f"    {type}: {{maxConnections: {connections}}}")
    if type == "postgres":
        memory = limit(pod(lowered_platform, type))
    else:
        (cluster,) = [
            r.manifest for r in lowered_platform.packages[type].resources if r.kind == "Cluster"
        ]
        memory = quantity.whole(cluster["spec"]["resources"]["limits"]["memory"])
    assert memory - memory // 4 >= connections * postgres.CONNECTION + postgres.SERVER
    assert memory <= max(GIB, 2 * postgres.memory(connections))
    short = f"resources: {{limits: {{memory: {(postgres.memory(connections) // MIB) - 1}Mi}}}}"
    assert codes(f"    {type}: {{maxConnections: {connections}, {short}}}") == ["memory-limit"]


@pytest.mark.parametrize("connections", [20, 151, 500, 2000, 10000])
def test_a_mysql_has_memory_for_its_connections(connections: int) -> None:
    spec = pod(lowered(f"    mysql: {{maxConnections: {connections}}}"), "mysql")
    (pool,) = [a for a in spec["containers"][0]["args"] if "buffer-pool" in a]
    rest = limit(spec) // MIB - int(pool.partition("=")[2].removesuffix("M"))
    assert rest >= connections + 256
    assert "--disable-log-bin" in spec["containers"][0]["args"]


@pytest.mark.parametrize("type", ["postgres", "cloudnative-pg", "mysql"])
@pytest.mark.parametrize("storage", ["10Mi", "200Mi"])
def test_a_database_needs_a_disk(type: str, storage: str) -> None:
    assert codes(f"    {type}: {{storage: {storage}}}") == ["volume-size"]


@pytest.mark.parametrize("storage", ["512Mi", "1Gi", "2Gi", "5Gi", "8Gi", "100Gi"])
def test_the_log_has_an_eighth_of_a_small_disk(storage: str) -> None:
    text = " ".join(pod(lowered(f"    postgres: {{storage: {storage}}}"), "postgres")["containers"][0]["args"])  # fmt: skip
    log = quantity.whole(storage) // 8
    assert (f"max_wal_size={log // MIB}MB" in text) == (log < GIB)


# Clients ---------------------------------------------------------------------------------------


def connections(lowered_platform: Lowered) -> int:
    args = pod(lowered_platform, "postgres")["containers"][0]["args"]
    return int(next(a for a in args if a.startswith("max_connections")).partition("=")[2])


def test_the_most_natural_platform_compiles() -> None:
    lowered_platform = lowered("    seaweedfs: {}\n    postgres: {}\n    redis: {}\n    mlflow: {}\n    feast: {}\n    lakefs: {}")  # fmt: skip
    assert connections(lowered_platform) == 150


@pytest.mark.parametrize("replicas", [1, 3, 10, 30])
@pytest.mark.parametrize("pooler", ["", "    pgbouncer: {replicas: 2}\n"])
def test_a_server_is_made_for_what_its_clients_open(replicas: int, pooler: str) -> None:
    spec = f"{pooler}    seaweedfs: {{}}\n    mlflow: {{replicas: {replicas}}}"
    derived = connections(lowered(f"    postgres: {{}}\n{spec}"))
    assert derived % 50 == 0
    # As set by hand, the same number is enough; fifty fewer are not, unless they are the least.
    assert codes(f"    postgres: {{maxConnections: {derived}}}\n{spec}") == []
    if derived > 100:
        fewer = f"    postgres: {{maxConnections: {derived - 50}}}\n{spec}"
        assert codes(fewer) == ["connection-budget"]


def test_pools_share_what_a_derived_server_accepts() -> None:
    lowered_platform = lowered(
        "    seaweedfs: {}\n    postgres: {}\n    pgbouncer: {}\n    mlflow: {}"
    )
    (config,) = lowered_platform.packages["pgbouncer"].configs
    assert "default_pool_size = 82" in config.files["pgbouncer.ini"]  # 100 - 13 - 5


def test_more_clients_than_any_server_accepts_do_not_compile() -> None:
    many = "\n".join(f"    m{n}: {{type: mlflow, replicas: 50, workers: 16}}" for n in range(2))
    assert "connection-budget" in codes(f"    seaweedfs: {{}}\n    postgres: {{}}\n{many}")


# Scratch space ---------------------------------------------------------------------------------


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
    disks = f"resources: {{limits: {{ephemeralStorage: {limit}}}}}"
    lowered_platform = lowered(f"    postgres: {{{disks}}}")
    assert disk(pod(lowered_platform, "postgres"), "tmp") == quantity.whole(room)


@pytest.mark.parametrize(("artifacts", "room"), [("direct", "5Gi"), ("proxied", "15Gi")])
def test_a_proxying_server_has_room_for_whole_artefacts(artifacts: str, room: str) -> None:
    lowered_platform = lowered(
        f"    seaweedfs: {{}}\n    postgres: {{}}\n    mlflow: {{artifacts: {artifacts}}}"
    )
    assert disk(pod(lowered_platform, "mlflow"), "tmp") == quantity.whole(room)


# The rest of the table in docs/sizes.md ----------------------------------------------------------


def mebibytes(number: int) -> str:
    return f"{number}Mi"


@pytest.mark.parametrize("type", ["postgres", "cloudnative-pg", "mysql"])
@pytest.mark.parametrize("databases", [1, 4, 25])
def test_a_disk_holds_every_database(type: str, databases: int) -> None:
    own, each = (512, 16) if type == "mysql" else (256, 8)
    workloads = "".join(
        f"\n    job-{n}: {{image: registry.example.internal/job:1.0.0, uses: [{type}]}}"
        for n in range(databases)
    )
    needed = own + each * databases
    for room, expected in ((needed, []), (needed - 1, ["volume-size"])):
        section = f"    {type}: {{storage: {mebibytes(room)}}}"
        assert codes(f"{section}\n  workloads:{workloads}") == expected, room


@pytest.mark.parametrize("type", ["redis", "valkey"])
@pytest.mark.parametrize(("persistence", "share"), [("aof", 55), ("rdb", 55), ("none", 75)])
@pytest.mark.parametrize("memory", [64, 192, 1024, 8192])
def test_keys_fill_their_share_of_the_memory(
    type: str, persistence: str, share: int, memory: int
) -> None:
    section = f"{{memory: {memory}Mi, persistence: {persistence}}}"
    (config,) = lowered(f"    {type}: {section}").packages[type].configs
    text = config.files[f"{type}.conf"]
    assert f"\nmaxmemory {memory * MIB * share // 100}\n" in text


@pytest.mark.parametrize(("persistence", "times"), [("aof", 3), ("rdb", 2)])
@pytest.mark.parametrize("memory", [1, 2, 5, 16])
def test_a_log_or_snapshots_fit_on_their_disk(persistence: str, times: int, memory: int) -> None:
    for room, expected in ((times * memory, []), (times * memory - 1, ["volume-size"])):
        section = f"{{memory: {memory}Gi, persistence: {persistence}, storage: {room}Gi}}"
        assert codes(f"    redis: {section}") == expected


@pytest.mark.parametrize("workers", [1, 2, 4, 9, 16])
def test_mlflow_has_memory_for_its_workers(workers: int) -> None:
    rest = "    seaweedfs: {}\n    postgres: {maxConnections: 900}\n"
    spec = pod(lowered(f"{rest}    mlflow: {{workers: {workers}}}"), "mlflow")
    resources = spec["containers"][0]["resources"]
    needed = (512 + 256 * workers) * MIB
    assert quantity.whole(resources["requests"]["memory"]) == needed
    assert quantity.whole(resources["limits"]["memory"]) == 2 * needed


@pytest.mark.parametrize(("replicas", "parity"), [(1, 0), (4, 2), (5, 2), (6, 3), (8, 4), (16, 4)])
def test_an_erasure_set_holds_its_models_without_its_parity(replicas: int, parity: int) -> None:
    held = int(100 * (replicas - parity) * 0.93 * 0.9)
    for size, expected in ((held, []), (held + 2, ["volume-size"])):
        model = f"  models:\n    chat: {{format: sklearn, uri: s3://models/a, size: {size}Gi}}"
        store = f"    minio: {{replicas: {replicas}, storage: 100Gi}}"
        assert codes(f"{store}\n    kserve: {{mode: standard}}\n{model}") == expected, size


@pytest.mark.parametrize("replicas", [1, 2, 3])
@pytest.mark.parametrize("connections", [60, 100, 300])
def test_pools_share_what_a_server_accepts(connections: int, replicas: int) -> None:
    section = (
        f"    postgres: {{maxConnections: {connections}}}\n"
        f"    pgbouncer: {{replicas: {replicas}}}\n    seaweedfs: {{}}\n    mlflow: {{}}"
    )
    lowered_platform = lowered(section)
    (config,) = lowered_platform.packages["pgbouncer"].configs
    text = next(text for name, text in config.files.items() if name.endswith(".ini"))
    (size,) = [
        int(line.split("=")[1])
        for line in text.splitlines()
        if line.startswith("default_pool_size")
    ]
    assert 0 < size * replicas <= connections - 13


def test_every_row_of_the_page_is_one_that_these_tests_know() -> None:
    """A new row needs a test over a range of values here."""
    rows = re.findall(r"^\| (`.*?)\|", (ROOT / "docs" / "sizes.md").read_text(), re.M)
    assert [row.strip() for row in rows] == [
        "`postgres`, `cloudnative-pg`: `maxConnections`",
        "`postgres`, `cloudnative-pg`: memory limit",
        "`postgres`, `cloudnative-pg`: `storage`",
        "`mysql`: memory limit",
        "`mysql`: `storage`",
        "`seaweedfs`: volumes on its disk",
        "`seaweedfs`, `minio`: `storage`",
        "`redis`, `valkey`: keys in memory",
        "`redis`, `valkey`: `storage`",
        "`/tmp` of every pod",
        "`mlflow`: local disk",
        "`mlflow`: memory",
        "`pgbouncer`: `poolSize`",
    ]
