"""Sizes of databases that follow from their clients, connections and content, over ranges of values.

`sizes` marks the row of docs/sizes.md that a test covers; tests/test_sizes_table.py reads the marks.
"""

from __future__ import annotations

import pytest
from support.diagnosing import HEADER, diagnosed
from support.sizes import cluster, codes, limit, lowered, pod

from compiler.components.bases import postgres
from compiler.model.package import Lowered
from compiler.spec import quantity
from compiler.spec.quantity import GIB, MIB
from compiler.upstream.prerequisites import administration

sizes = pytest.mark.sizes
POSTGRESQL = ["postgres", "cloudnative-pg"]

# Memory ----------------------------------------------------------------------------------------


@sizes("`postgres`, `cloudnative-pg`: memory limit")
@pytest.mark.parametrize("connections", [20, 100, 150, 200, 500, 1000, 5000, 10000])
@pytest.mark.parametrize("type", POSTGRESQL)
def test_a_postgresql_has_memory_for_its_connections(type: str, connections: int) -> None:
    lowered_platform = lowered(f"    {type}: {{maxConnections: {connections}}}")
    if type == "postgres":
        memory = limit(pod(lowered_platform, type))
    else:
        memory = quantity.in_bytes(cluster(lowered_platform)["resources"]["limits"]["memory"])
    buffers = quantity.in_bytes(setting(lowered_platform, type, "shared_buffers").replace("B", "i"))
    assert buffers == memory // 4 // MIB * MIB
    assert memory - buffers >= connections * postgres.CONNECTION + postgres.SERVER
    assert memory <= max(GIB, 2 * postgres.memory(connections))
    short = f"resources: {{limits: {{memory: {(postgres.memory(connections) // MIB) - 1}Mi}}}}"
    assert codes(f"    {type}: {{maxConnections: {connections}, {short}}}") == ["memory-limit"]


@sizes("`mysql`: memory limit")
@pytest.mark.parametrize("connections", [20, 151, 500, 2000, 10000])
def test_a_mysql_has_memory_for_its_connections(connections: int) -> None:
    spec = pod(lowered(f"    mysql: {{maxConnections: {connections}}}"), "mysql")
    (pool,) = [a for a in spec["containers"][0]["args"] if "buffer-pool" in a]
    (tables,) = [a for a in spec["containers"][0]["args"] if "temptable-max-ram" in a]
    bounded = sum(int(word.partition("=")[2].removesuffix("M")) for word in (pool, tables))
    assert limit(spec) // MIB - bounded >= connections + 512
    assert "--disable-log-bin" in spec["containers"][0]["args"]
    needed = -(-(connections + 512) * 8 // 3)
    for memory, expected in ((needed, []), (needed - 1, ["memory-limit"])):
        limits = f"resources: {{limits: {{memory: {memory}Mi}}}}"
        assert codes(f"    mysql: {{maxConnections: {connections}, {limits}}}") == expected, memory


# Disks -----------------------------------------------------------------------------------------


@sizes("`postgres`, `cloudnative-pg`: `storage`", "`mysql`: `storage`")
@pytest.mark.parametrize("type", [*POSTGRESQL, "mysql"])
@pytest.mark.parametrize("databases", [0, 1, 4, 25])
def test_a_disk_holds_every_database(type: str, databases: int) -> None:
    fixed, each = (512, 16) if type == "mysql" else (256, 8)
    workloads = "".join(
        f"\n    job-{n}: {{image: registry.example.internal/job:1.0.0, uses: [{type}]}}"
        for n in range(databases)
    )
    needed = fixed + each * databases
    for room, expected in ((needed, []), (needed - 1, ["volume-size"])):
        section = f"    {type}: {{storage: {room}Mi}}"
        workloads_section = f"\n  workloads:{workloads}" if workloads else ""
        assert codes(f"{section}{workloads_section}") == expected, room


@sizes("`postgres`, `cloudnative-pg`: `storage`")
@pytest.mark.parametrize("storage", ["512Mi", "1Gi", "2Gi", "5Gi", "8Gi", "100Gi"])
@pytest.mark.parametrize("type", POSTGRESQL)
def test_the_log_has_an_eighth_of_a_small_disk(type: str, storage: str) -> None:
    lowered_platform = lowered(f"    {type}: {{storage: {storage}}}")
    log = quantity.in_bytes(storage) // 8
    expected = f"{log // MIB}MB" if log < GIB else ""
    assert setting(lowered_platform, type, "max_wal_size") == expected


def setting(lowered_platform: Lowered, type: str, name: str) -> str:
    """The value of a server's setting; none where it is PostgreSQL's own."""
    if type == "cloudnative-pg":
        return str(cluster(lowered_platform)["postgresql"]["parameters"].get(name, ""))
    args = pod(lowered_platform, type)["containers"][0]["args"]
    values = [arg.partition("=")[2] for arg in args if arg.startswith(f"{name}=")]
    return values[0] if values else ""


# Clients ---------------------------------------------------------------------------------------


def test_the_most_natural_platform_compiles() -> None:
    lowered_platform = lowered("    seaweedfs: {}\n    postgres: {}\n    redis: {}\n    mlflow: {}\n    feast: {}\n    lakefs: {}")  # fmt: skip
    assert setting(lowered_platform, "postgres", "max_connections") == "150"


@sizes("`postgres`, `cloudnative-pg`: `maxConnections`")
@pytest.mark.parametrize("type", POSTGRESQL)
@pytest.mark.parametrize(
    "clients",
    [
        "    mlflow: {replicas: 1}",
        "    mlflow: {replicas: 10}",
        "    mlflow: {replicas: 30}",
        "    mlflow: {workers: 9}\n    lakefs: {replicas: 4}",
        "    redis: {}\n    feast: {replicas: 5}\n    mlflow: {}",
        "    pgbouncer: {replicas: 2}\n    mlflow: {replicas: 10}",
        "    pgbouncer: {replicas: 4, poolSize: 40}\n    mlflow: {}\n    lakefs: {}",
        "    mlflow: {}\n  workloads:\n"
        "    jobs: {image: registry.example.internal/job:1.0.0, parallelism: 12, completions: 12, uses: [SERVER]}",
    ],
)
def test_a_server_is_made_for_what_its_clients_open(type: str, clients: str) -> None:
    spec = f"    seaweedfs: {{}}\n{clients.replace('SERVER', type)}"
    derived = int(setting(lowered(f"    {type}: {{}}\n{spec}"), type, "max_connections"))
    assert derived % 50 == 0
    # As set by hand, the same number is enough; fifty fewer are not, unless they are the least.
    assert codes(f"    {type}: {{maxConnections: {derived}}}\n{spec}") == []
    if derived > 100:
        fewer = f"    {type}: {{maxConnections: {derived - 50}}}\n{spec}"
        assert codes(fewer) == ["connection-budget"]


@pytest.mark.parametrize(
    ("section", "pods"),
    [
        ("workloads: {jobs: {IMAGE, uses: [postgres]}}", 1),
        ("workloads: {jobs: {IMAGE, completions: 60, uses: [postgres]}}", 60),
        ("workloads: {jobs: {IMAGE, completions: 60, parallelism: 40, uses: [postgres]}}", 40),
        ("workloads: {jobs: {IMAGE, completions: 30, parallelism: 40, uses: [postgres]}}", 30),
        ("models: {churn: {IMAGE, access: public, maxReplicas: 50, uses: [postgres]}}", 50),
        ("models: {churn: {IMAGE, access: public, minReplicas: 35, uses: [postgres]}}", 35),
    ],
)
def test_each_pod_of_a_client_opens_its_own_connections(section: str, pods: int) -> None:
    section = section.replace("IMAGE", "image: registry.example.internal/job:1.0.0")
    lowered_platform = lowered(
        f"    postgres: {{}}\n    seaweedfs: {{}}\n    kserve: {{mode: standard}}\n  {section}"
    )
    needed = 13 + 5 * pods
    expected = max(100, -(-needed // 50) * 50)
    assert setting(lowered_platform, "postgres", "max_connections") == str(expected)


def test_more_clients_than_any_server_accepts_do_not_compile() -> None:
    trackers = "\n".join(
        f"    runs-{n}: {{type: mlflow, replicas: 50, workers: 16}}" for n in range(2)
    )
    spec = f"    seaweedfs: {{}}\n    postgres: {{}}\n{trackers}"
    findings = diagnosed(f"{HEADER}spec:\n  components:\n{spec}\n".encode())
    (finding,) = [finding for finding in findings if finding.code == "connection-budget"]
    assert finding.help == ("lower replicas, workers or `poolSize`",)


def test_pools_share_what_a_derived_server_accepts() -> None:
    lowered_platform = lowered(
        "    seaweedfs: {}\n    postgres: {}\n    pgbouncer: {}\n    mlflow: {}"
    )
    assert pool_size(lowered_platform) == 82  # 100 - 13 - 5


@sizes("`pgbouncer`: `poolSize`")
@pytest.mark.parametrize("replicas", [1, 2, 3])
@pytest.mark.parametrize("trackers", [1, 3])
@pytest.mark.parametrize("connections", [80, 100, 300])
def test_pools_share_what_a_server_accepts(connections: int, trackers: int, replicas: int) -> None:
    mlflow = "".join(f"\n    runs-{n}: {{type: mlflow, smoke: false}}" for n in range(trackers))

    def spec(pool: str = "") -> str:
        pooler = f"    pgbouncer: {{replicas: {replicas}{pool}}}"
        server = f"    postgres: {{maxConnections: {connections}}}"
        return f"{server}\n{pooler}\n    seaweedfs: {{}}{mlflow}"

    size = pool_size(lowered(spec()))
    assert 0 < size * replicas * trackers <= connections - 13
    assert codes(spec(f", poolSize: {size}")) == []
    assert codes(spec(f", poolSize: {size + 1}")) == ["connection-budget"]


@sizes("`pgbouncer`: `maxClientConnections`")
@pytest.mark.parametrize("replicas", [1, 2])
@pytest.mark.parametrize(("trackers", "opened"), [(1, 36), (27, 972), (28, 1008), (60, 2160)])
def test_a_pooler_accepts_what_its_clients_open(replicas: int, trackers: int, opened: int) -> None:
    """Migrations of each tracker go past it, and one replica may get all clients."""
    mlflow = "".join(f"\n    runs-{n}: {{type: mlflow, smoke: false}}" for n in range(trackers))

    def spec(limit: str = "") -> str:
        pooler = f"    pgbouncer: {{replicas: {replicas}, poolSize: 1{limit}}}"
        return f"    postgres: {{}}\n{pooler}\n    seaweedfs: {{}}{mlflow}"

    (config,) = lowered(spec()).packages["pgbouncer"].configs
    derived = int(config.files["pgbouncer.ini"].partition("max_client_conn = ")[2].split()[0])
    assert derived == max(1000, -(-opened // 50) * 50)
    of_each = -(-opened // replicas)
    assert codes(spec(f", maxClientConnections: {of_each}")) == []
    assert codes(spec(f", maxClientConnections: {of_each - 1}")) == ["connection-budget"]


@pytest.mark.parametrize(
    ("server", "pooler", "size"),
    [
        ("maxConnections: 200", "", 182),  # 200 - 13 - 5 past the pooler
        ("maxConnections: 200", "replicas: 2", 91),
        ("maxConnections: 200", "poolSize: 40", 40),
        ("port: 5433", "", 20),
    ],
)
def test_the_administrator_of_a_server_outside_learns_what_pools_open(
    server: str, pooler: str, size: int
) -> None:
    lowered_platform = lowered(
        f"    external-postgres: {{host: db.example.com, {server}}}\n    pgbouncer: {{{pooler}}}\n"
        "    seaweedfs: {}\n    mlflow: {}"
    )
    assert pool_size(lowered_platform) == size
    ((_, _, text),) = administration(lowered_platform.graph)
    replicas = 2 if "replicas" in pooler else 1
    assert f"pgbouncer {replicas * size} ({replicas} replicas x 1 pools x {size})" in text
    assert f"Allow at least {replicas * size + 5} connections" in text


def test_two_poolers_share_what_a_server_accepts() -> None:
    lowered_platform = lowered(
        "    postgres: {maxConnections: 200}\n    pgbouncer: {}\n    second: {type: pgbouncer, replicas: 2}\n"
        "    seaweedfs: {}\n    mlflow: {bind: {backend-store: pgbouncer}}\n"
        "    runs: {type: mlflow, smoke: false, bind: {backend-store: second}}"
    )
    sizes = [pool_size(lowered_platform, name) for name in ("pgbouncer", "second")]
    assert sizes == [59, 59]  # three pools of what two trackers leave: 200 - 13 - 2 x 5


def pool_size(lowered_platform: Lowered, name: str = "pgbouncer") -> int:
    (config,) = lowered_platform.packages[name].configs
    lines = config.files["pgbouncer.ini"].splitlines()
    (size,) = [int(line.split("=")[1]) for line in lines if line.startswith("default_pool_size")]
    return size
