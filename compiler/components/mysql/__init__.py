"""MySQL on a volume: one server, and a Job that keeps databases and users up to date.

Facts about the image docker-library/mysql 8.4: user 999, and a temporary server on the socket only
while it initialises an empty volume. 8.4 has `mysql_native_password` but disables it; 9 no longer
has it.
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from pydantic import Field

from compiler import kube, model
from compiler.components.bases import backup as copies
from compiler.components.mysql import backup, metrics, root_client, versions
from compiler.interfaces import mysql, sql
from compiler.model import Env, SecretRef
from compiler.spec import quantity
from compiler.spec.quantity import GIB, MIB
from compiler.spec.types import Image, Storage

PHASE = model.Phase.DATABASES
VERSIONS = versions.VERSIONS
DATABASES = model.Provides("databases", mysql.Endpoint)
PORT, USER = 3306, 999
# MiB without clients, mostly of the performance schema: 445 MB in mysqld 8.0.15 for 151 connections, and what
# the buffer pool takes to keep its books.
SERVER = 512
DATA = "/var/lib/mysql"


class Spec(model.RecordSpec, model.AdoptsDatabaseServer):
    """A MySQL server."""

    moved: ClassVar[Mapping[str, str]] = {
        "replicas": "it is one server; for one that survives the loss of a node, `external-mysql: {host: ...}` names "
        "a group that an operator or a provider runs"
    }

    image: Image = Field(default="docker.io/library/mysql:8.4.7", description="Its image.")
    storage: Storage = Field(default="20Gi", description="Size of its volume.")
    max_connections: int = Field(default=151, ge=20, le=10000, description="Its `max_connections`.")


def claims(me: model.Instance[Spec]) -> model.Claims:
    return copies.claims(me)


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {DATABASES: mysql.Offer(port=PORT)}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    root = me.spec.adopted.secret or f"{me.name}-root"
    logins = sql.logins(wiring.claims(DATABASES))
    yield model.Credential(
        root,
        {"username": "root", "password": model.Random.PASSWORD},
        (me.namespace,),
        (me.name,),
        change_command=_change_password(me, root),
        login_from_env=True,
        created_by=me.spec.administrator_by,
    )
    native = any(binding.claim.native_password for binding in logins)
    yield _server(me, root, native_password=native)
    yield kube.service(me, "server", {"tcp-mysql": PORT})
    yield kube.headless(me, "server", {"tcp-mysql": PORT})
    yield metrics.of(me, PORT)
    plan, store = copies.plan(me), wiring.get(copies.COPIES)
    yield from _ensure(me, root, logins, reader=plan is not None)
    if plan is not None and store is not None:
        yield from backup.lower(me, plan, store, logins, root, port=PORT, user=USER)


def _change_password(me: model.Instance[Spec], secret: str) -> str:
    """The image reads its variable only on an empty volume, and creates the user for two hosts.

    Until its pod restarts, the server's variable still holds the old password, which the command
    uses.
    """
    new = 'IDENTIFIED BY "{{.data.password | base64decode}}"'
    sql = f'ALTER USER root@"localhost" {new}, root@"%" {new};'
    return (
        f"kubectl get secret {secret} -n {me.namespace} -o go-template='{sql}' | "
        f"{root_client.command(me)}"
    )


def revoke_command(binding: mysql.Binding) -> str:
    """Locks a login without a consumer."""
    user = sql.username(binding.secret, mysql.LONGEST_USER)
    return root_client.lockout(binding.provider, user)


def sizes(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Size]:
    connections = me.spec.max_connections
    yield model.memory(
        quantity.in_bytes(_resources(me)["limits"]["memory"]),
        _memory(connections),
        f"{connections} connections of 1Mi, {SERVER}Mi of its own, half of the limit for the buffer "
        "pool, and an eighth for temporary tables",
    )
    databases = {binding.claim.database for binding in wiring.claims(DATABASES)}
    yield model.volume(
        quantity.in_bytes(me.spec.storage),
        (512 + 16 * len(databases)) * MIB,
        f"512Mi of its own and its logs, and 16Mi for each of {len(databases)} databases",
    )


def _memory(connections: int) -> int:
    """The memory limit: connections and the server take three eighths of it, and `_server` divides the rest.

    A connection has a stack of 1 MiB and buffers of 16 KiB to 256 KiB (8.4 manual, 10.12.3.1).
    """
    return -(-(connections + SERVER) * 8 // 3) * MIB


def _resources(me: model.Instance[Spec]) -> model.Manifest:
    steps = -(-_memory(me.spec.max_connections) // (256 * MIB))
    limit = quantity.binary(max(steps * 256 * MIB, 2 * GIB))
    return kube.resources(
        me.spec.resources, cpu="250m", memory="1Gi", cpu_limit="2", memory_limit=limit
    )


def _server(me: model.Instance[Spec], root: str, *, native_password: bool) -> model.Resource:
    resources = _resources(me)
    # By address: while the image fills a volume, its server answers only on the socket.
    ready = ["mysqladmin", "ping", "--host=127.0.0.1", "--silent"]
    server = kube.Container(
        "mysql",
        me.spec.image,
        resources,
        args=_args(me.spec, resources["limits"]["memory"], native_password=native_password),
        env=[Env("MYSQL_ROOT_PASSWORD", SecretRef(root, "password"))],
        ports={"tcp-mysql": PORT},
        startup=kube.exec_probe(ready, failures=60),
        readiness=kube.exec_probe(ready, period=5),
        # Not `ready`: a server that recovers from a crash must not be killed for that.
        liveness=kube.tcp_probe("tcp-mysql", period=20, failures=6),
    )
    template = kube.pod(
        me,
        "server",
        [server],
        user=USER,
        grace=60,
        volumes=[
            kube.Volume("data", {}, DATA),
            kube.empty_dir("run", "/var/run/mysqld", "16Mi"),
        ],
    )
    volume = kube.volume_claim(me, "data", me.spec.storage)
    return kube.stateful_set(me, "server", template, replicas=1, claims=[volume])


def _args(spec: Spec, memory_limit: str, *, native_password: bool) -> list[str]:
    """The command of the server.

    The buffer pool has half of the memory: MySQL's manual gives a dedicated server up to 80 %, with the
    connections.
    """
    megabytes = quantity.in_bytes(memory_limit) // MIB
    return [
        "mysqld",
        f"--datadir={spec.adopted.data_folder(DATA, 'data')}",  # below the mount: no `lost+found`
        f"--max-connections={spec.max_connections}",
        f"--innodb-buffer-pool-size={megabytes // 2}M",
        # For all sessions together; the default is 1 GiB with any limit (8.4 manual, temptable_max_ram).
        f"--temptable-max-ram={megabytes // 8}M",
        "--character-set-server=utf8mb4",
        "--mysqlx=OFF",
        # No replica reads binary logs and no restore replays them; kept for 30 days (8.4 manual,
        # binlog_expire_logs_seconds), they would fill the volume.
        "--disable-log-bin",
        "--secure-file-priv=NULL",
        # 8.0 always has it, and ends at the option without `loose`.
        *(["--loose-mysql-native-password=ON"] if native_password else []),
    ]


def adoptable(pod: model.LivePod) -> Mapping[str, str]:
    """The folder of the data (docker-library/mysql 8.4: /var/lib/mysql)."""
    folder = pod.folder(pod.option("--datadir") or DATA)
    return {"folder": folder} if folder is not None else {}


def _ensure(
    me: model.Instance[Spec], root: str, logins: tuple[mysql.Binding, ...], *, reader: bool
) -> Iterator[model.Piece]:
    """The Job that creates databases and users. It can run again safely."""
    script = kube.render(
        __file__,
        "ensure.sh.j2",
        databases=sorted({binding.claim.database for binding in logins}),
        users=[
            (binding.claim.database, _plugin(binding.claim), kube.suffix(binding.secret))
            for binding in logins
        ],
    )
    env = [
        Env("MYSQL_HOST", me.host()),
        Env("MYSQL_TCP_PORT", str(PORT)),
        Env("MYSQL_PWD", SecretRef(root, "password")),  # a command line would show it in ps
    ]
    if reader:
        env.append(Env("READER", SecretRef(backup.secret(me), "username")))
        env.append(Env("READER_PASSWORD", SecretRef(backup.secret(me), "password")))
    for binding in logins:
        suffix = kube.suffix(binding.secret)
        env.append(Env(f"USER_{suffix}", SecretRef(binding.secret, "username")))
        env.append(Env(f"PASSWORD_{suffix}", SecretRef(binding.secret, "password")))
    files = {"ensure.sh": script}
    yield from kube.setup_job(
        me, "ensure", me.spec.image, files, env, ports=(PORT,), interpreter="bash"
    )


def _plugin(claim: mysql.Claim) -> str:
    return "mysql_native_password" if claim.native_password else "caching_sha2_password"
