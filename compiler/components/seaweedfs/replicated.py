"""SeaweedFS as servers apart, of which each kind outlives the loss of one.

Three masters agree by Raft on a leader (weed/server/raft_server.go). Each volume has its copies on
different volume servers, and a write is acknowledged when all copies have it
(weed/topology/store_replicate.go). The gateways keep no data: a filer and S3 in one process, with
the names of objects in PostgreSQL, as filers must where several serve the same names at once
(weed/filer/postgres2; with LevelDB each has its own, and follows the others later).
Read in 4.48, which the live tests run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from compiler import kube, model
from compiler.components.seaweedfs import identities, ports, resources, volumes
from compiler.interfaces import postgresql
from compiler.model import Env

MASTERS, GATEWAYS = 3, 2
CONNECTIONS = 10  # the connections of each gateway to its database
# Byte by byte, as S3 lists keys: a database sorts text by its language otherwise, and pages of a listing
# would leave out keys. The rest is weed/filer/postgres/postgres_sql_gen.go.
TABLE = (
    'CREATE TABLE IF NOT EXISTS "%s" (dirhash BIGINT, name VARCHAR(65535) COLLATE "C", '
    "directory VARCHAR(65535), meta bytea, PRIMARY KEY (dirhash, name))"
)
UPSERT = (
    'INSERT INTO "%s" (dirhash,name,directory,meta) VALUES($1,$2,$3,$4) '
    "ON CONFLICT (dirhash,name) DO UPDATE SET directory=EXCLUDED.directory, meta=EXCLUDED.meta"
)
# Copies that went with a server's disk are made again, by the leader, every 17 minutes
# (weed/server/master_server.go, startAdminScripts).
REPAIR = "lock\nvolume.fix.replication -apply\nunlock"


def connections() -> tuple[int, str]:
    """The maximum of connections to the database, and the calculation: an update runs one gateway more."""
    return (GATEWAYS + 1) * CONNECTIONS, f"{GATEWAYS + 1} gateways x {CONNECTIONS}"


def masters(me: model.Instance[Any]) -> str:
    """The addresses of all masters, which their clients and the masters get."""
    domain = me.host(f"{me.name}-master-headless")
    names = (f"{me.name}-master-{index}.{domain}" for index in range(MASTERS))
    return ",".join(f"{name}:{ports.MASTER[0]}" for name in names)


def addresses(me: model.Instance[Any]) -> tuple[str, str]:
    """The masters and a filer, as `weed shell` takes them."""
    return masters(me), f"{me.host(f'{me.name}-headless')}:{ports.FILER[0]}"


def lower(
    me: model.Instance[Any], size: int, logins: Sequence[tuple[str, str]],
    database: postgresql.Endpoint,
) -> Iterator[model.Piece]:  # fmt: skip
    """The servers with volumes of `size` MiB, and their Services."""
    metrics = {"http-metrics": ports.METRICS}
    yield _masters(me, size)
    yield _volume_servers(me)
    yield _gateways(me, logins, database)
    yield kube.service(me, "server", {"http-s3": ports.S3})
    filers = {"http-s3": ports.S3, **ports.named("filer", ports.FILER)}
    yield kube.headless(me, "server", filers | metrics)
    for role, numbers in (("master", ports.MASTER), ("volume", ports.VOLUME)):
        role_ports = ports.named(role, numbers) | metrics
        yield kube.headless(me, role, role_ports, name=f"{me.name}-{role}-headless")
    for role in ("master", "volume", "server"):
        yield model.Metrics(pods=role, port=ports.METRICS)
    yield from _internal_traffic()


def _internal_traffic() -> Iterator[model.InternalTraffic]:
    for client in ("master", "server", "volume"):
        yield model.InternalTraffic(client, "master", ports.MASTER)
        yield model.InternalTraffic(client, "volume", ports.VOLUME)
    # Gateways report changes to each other, and the leader calls one of them for repairs.
    yield model.InternalTraffic("server", "server", ports.FILER)
    yield model.InternalTraffic("master", "server", ports.FILER)


def traffic() -> Iterator[model.InternalTraffic]:
    """The ways of the Job that makes buckets."""
    yield model.InternalTraffic("buckets", "master", ports.MASTER)
    yield model.InternalTraffic("buckets", "server", ports.FILER)


def _masters(me: model.Instance[Any], size: int) -> model.Resource:
    copies = me.spec.copies
    args = [
        "master",
        f"-peers={masters(me)}",
        f"-ip.bind={kube.EVERY_ADDRESS}",
        "-mdir=/data",
        f"-defaultReplication=00{copies - 1}",  # so many more, each on another server of the rack
        f"-volumeSizeLimitMB={size}",
        "-telemetry=false",
        f"-metricsPort={ports.METRICS}",
    ]
    env = [
        Env(f"WEED_MASTER_VOLUME_GROWTH_COPY_{copies}", volumes.GROWTH),
        Env("WEED_MASTER_MAINTENANCE_SCRIPTS", REPAIR),
    ]
    # Ready with a leader. Masters wait for each other, so they start together.
    return _data(
        me, "master", ports.MASTER, args, env,
        ready="/cluster/healthz", replicas=MASTERS, storage="1Gi",
    )  # fmt: skip


def _volume_servers(me: model.Instance[Any]) -> model.Resource:
    args = [
        "volume",
        f"-master={masters(me)}",
        f"-ip.bind={kube.EVERY_ADDRESS}",
        "-dir=/data",
        "-max=0",  # as many volumes as the disk has room for
        f"-metricsPort={ports.METRICS}",
    ]
    return _data(
        me, "volume", ports.VOLUME, args,
        ready="/healthz", replicas=me.spec.replicas, storage=me.spec.storage,
    )  # fmt: skip


def _data(
    me: model.Instance[Any], role: str, numbers: tuple[int, int], args: Sequence[str],
    env: Sequence[Env] = (), *, ready: str, replicas: int, storage: str,
) -> model.Resource:  # fmt: skip
    """Servers with a disk, which know each other by the names of their pods."""
    domain = me.host(f"{me.name}-{role}-headless")
    probed = f"http-{role}"
    container = kube.Container(
        role,
        me.spec.image,
        resources.of(me),
        command=["sh", "-c", f'exec weed "$@" "-ip=$(hostname).{domain}"', "weed"],
        args=args,
        env=[Env("HOME", kube.TMP), *env],
        ports={**ports.named(role, numbers), "http-metrics": ports.METRICS},
        startup=kube.tcp_probe(probed, period=5, failures=60),
        readiness=kube.http_probe(ready, probed, period=5),
        liveness=kube.tcp_probe(probed, period=20, failures=6),
    )
    template = kube.pod(
        me,
        role,
        [container],
        user=kube.USER,
        grace=60,
        volumes=[kube.Volume("data", {}, "/data")],
        spread=True,
    )
    volume = kube.volume_claim(me, "data", storage)
    return kube.stateful_set(
        me, role, template, replicas=replicas, claims=[volume], name=f"{me.name}-{role}",
        parallel=True,
    )  # fmt: skip


def _gateways(
    me: model.Instance[Any], logins: Sequence[tuple[str, str]], database: postgresql.Endpoint
) -> model.Resource:
    amounts = resources.of(me)
    template = kube.pod(
        me,
        "server",
        [_gateway(me, amounts, database)],
        init=[identities.container(me, amounts, logins)],
        user=kube.USER,
        grace=60,
        uses=[database],
        volumes=[identities.volume()],
        spread=True,
    )
    return kube.deployment(me, "server", template, replicas=GATEWAYS)


def _gateway(
    me: model.Instance[Any], amounts: model.Manifest, database: postgresql.Endpoint
) -> kube.Container:
    return kube.Container(
        "gateway",
        me.spec.image,
        amounts,
        command=["weed"],
        args=[
            "filer",
            f"-master={masters(me)}",
            f"-ip.bind={kube.EVERY_ADDRESS}",
            f"-defaultStoreDir={kube.TMP}",  # an empty folder that it creates
            "-s3",
            f"-s3.port={ports.S3}",
            f"-s3.config={identities.FILE}",
            f"-metricsPort={ports.METRICS}",
        ],
        env=[Env("HOME", kube.TMP), *_database(database)],
        ports={
            "http-s3": ports.S3,
            **ports.named("filer", ports.FILER),
            "http-metrics": ports.METRICS,
        },
        startup=kube.http_probe("/healthz", "http-s3", period=5, failures=60),
        # The probe of the filer also asks the database.
        readiness=kube.http_probe("/healthz", "http-filer", period=5),
        liveness=kube.tcp_probe("http-s3", period=20, failures=6),
    )


def _database(database: postgresql.Endpoint) -> Iterator[Env]:
    """The filer's store. Its driver, pgx, reads login and certificates from the variables of libpq."""
    settings = {
        "ENABLED": "true",
        "HOSTNAME": database.host,
        "PORT": str(database.port),
        "DATABASE": database.database,
        "CREATETABLE": TABLE,
        "ENABLEUPSERT": "true",
        "UPSERTQUERY": UPSERT,
        "CONNECTION_MAX_OPEN": str(CONNECTIONS),
        "CONNECTION_MAX_IDLE": str(CONNECTIONS),
        "CONNECTION_MAX_LIFETIME_SECONDS": "300",
    }
    yield Env("WEED_LEVELDB2_ENABLED", "false")  # the default of a filer without `filer.toml`
    yield from (Env(f"WEED_POSTGRES2_{name}", text) for name, text in settings.items())
    yield from database.env()
