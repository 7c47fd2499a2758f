"""PostgreSQL on a volume: one server, and a Job that keeps roles and databases up to date.

Facts about the image docker-library/postgres 17 (Debian): user 999, SIGINT stops it fast, and its
init scripts run only on an empty volume, so a database that is added to the spec later needs the
Job.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Annotated, ClassVar

from pydantic import Field

from compiler import kube, model
from compiler.components.bases import backup as copies
from compiler.components.bases import postgres
from compiler.components.postgres import backup, lockout, metrics, versions
from compiler.interfaces import postgresql, sql
from compiler.model import Env, SecretRef
from compiler.spec.types import Image, Storage

PHASE = model.Phase.DATABASES
VERSIONS = versions.VERSIONS
DATABASES = model.Provides("databases", postgresql.Endpoint)
PORT, USER = 5432, 999
DATA = "/var/lib/postgresql"


class Spec(model.RecordSpec, model.AdoptsDatabaseServer):
    """A PostgreSQL server."""

    moved: ClassVar[Mapping[str, str]] = {
        "replicas": "it is one server; write `cloudnative-pg: {replicas: 3}` in its place"
    }

    image: Image = Field(
        default="docker.io/library/postgres:17.9-bookworm", description="Its image."
    )
    storage: Storage = Field(default="20Gi", description="Size of its volume.")
    max_connections: Annotated[int, Field(ge=20, le=10000)] | None = Field(
        default=None,
        description="Its `max_connections`; default: the sum of the clients' connections, at least 100.",
    )


def claims(me: model.Instance[Spec]) -> model.Claims:
    return copies.claims(me)


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {
        DATABASES: postgresql.Offer(port=PORT, max_connections=me.spec.max_connections, grows=True)
    }


def sizes(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Size]:
    return postgres.sizes(me.spec, wiring.claims(DATABASES))


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    superuser = me.spec.adopted.secret or f"{me.name}-superuser"
    yield model.Credential(
        superuser,
        {"username": "postgres", "password": model.Random.PASSWORD},
        (me.namespace,),
        (me.name,),
        change_command=_change_password(me, superuser),
        created_by=me.spec.administrator_by,
    )
    yield _server(me, superuser, postgres.connections(me.spec, wiring.claims(DATABASES)))
    yield kube.service(me, "server", {"tcp-postgresql": PORT})
    yield kube.headless(me, "server", {"tcp-postgresql": PORT})
    yield metrics.of(me, PORT)
    logins = sql.logins(wiring.claims(DATABASES))
    plan, store = copies.plan(me), wiring.get(copies.COPIES)
    if logins:
        yield from _ensure(me, superuser, logins, reader=plan is not None)
    if plan is not None and store is not None:
        yield from backup.lower(me, plan, store, logins, superuser, port=PORT, user=USER)


def _change_password(me: model.Instance[Spec], secret: str) -> str:
    """The image reads its variable only on an empty volume; the socket needs no password."""
    sql = "ALTER ROLE postgres PASSWORD $${{.data.password | base64decode}}$$;"
    space = f"-n {me.namespace}"
    return (
        f"kubectl get secret {secret} {space} -o go-template='{sql}' | "
        f"kubectl exec -i {space} statefulset/{me.name} -c postgres -- "
        # From its standard input, psql ends with 0 after a statement that fails (its manual, Exit Status).
        "psql -q --set ON_ERROR_STOP=1 -U postgres"
    )


def revoke_command(binding: postgresql.Binding) -> str:
    """Disables a login without a consumer; its objects belong to the database's owner."""
    return lockout.command(binding.provider, postgresql.role(binding))


def _server(me: model.Instance[Spec], superuser: str, connections: int) -> model.Resource:
    template = kube.pod(
        me,
        "server",
        [_container(me, superuser, connections)],
        user=USER,
        grace=60,
        volumes=[
            kube.Volume("data", {}, DATA),
            kube.empty_dir("run", "/var/run/postgresql", "16Mi"),
            kube.empty_dir("shm", "/dev/shm", "256Mi", memory=True),  # noqa: S108  # the pod's own
        ],
    )
    volume = kube.volume_claim(me, "data", me.spec.storage)
    return kube.stateful_set(me, "server", template, replicas=1, claims=[volume])


def _container(me: model.Instance[Spec], superuser: str, connections: int) -> kube.Container:
    resources = postgres.resources(me.spec, connections)
    limit = resources["limits"]["memory"]
    parameters = {
        **postgres.parameters(connections, limit, me.spec.storage),
        "password_encryption": "scram-sha-256",
    }
    # At the pod's own address, which clients use: a server that listens on the loopback alone refuses
    # them, and while the image initialises a volume its server answers on the socket alone.
    ready = ["sh", "-c", 'exec pg_isready -h "$(hostname)" -U postgres -d postgres']
    return kube.Container(
        "postgres",
        me.spec.image,
        resources,
        args=["postgres", *chain(*(("-c", f"{key}={text}") for key, text in parameters.items()))],
        env=[
            Env("POSTGRES_USER", SecretRef(superuser, "username")),
            Env("POSTGRES_PASSWORD", SecretRef(superuser, "password")),
            # Below the mount: no `lost+found`, and the same for every major version.
            Env("PGDATA", me.spec.adopted.data_folder(DATA, "pgdata")),
            # Of a new volume: otherwise everybody is the superuser who reaches the loopback, as `kubectl
            # port-forward` does. The socket needs no password.
            Env("POSTGRES_INITDB_ARGS", "--auth-host=scram-sha-256"),
        ],
        ports={"tcp-postgresql": PORT},
        startup=kube.exec_probe(ready, failures=60),
        readiness=kube.exec_probe(ready, period=5),
        # Not `ready`: a server that replays its log after a crash must not be killed for that.
        liveness=kube.tcp_probe("tcp-postgresql", period=20, failures=6),
    )


def adoptable(pod: model.LivePod) -> Mapping[str, str]:
    """The folder of the data: the image's default is its volume's root (docker-library/postgres 17)."""
    folder = pod.folder(pod.env.get("PGDATA", f"{DATA}/data"))
    return {"folder": folder} if folder is not None else {}


def _ensure(
    me: model.Instance[Spec],
    superuser: str,
    logins: tuple[postgresql.Binding, ...],
    *,
    reader: bool,
) -> Iterator[model.Piece]:
    """The Job that creates roles and databases. It can run again safely."""
    files = {
        "ensure.sh": kube.render(__file__, "ensure.sh.j2"),
        "ensure.sql": _statements(logins, reader=reader),
    }
    env = [
        Env("PGHOST", me.host()),
        Env("PGPORT", str(PORT)),
        Env("PGDATABASE", "postgres"),
        Env("PGUSER", SecretRef(superuser, "username")),
        Env("PGPASSWORD", SecretRef(superuser, "password")),
    ]
    if reader:
        env.append(Env("READER", SecretRef(backup.secret(me), "username")))
        env.append(Env("READER_PASSWORD", SecretRef(backup.secret(me), "password")))
    for binding in logins:
        suffix = kube.suffix(binding.secret)
        env.append(Env(f"ROLE_{suffix}", SecretRef(binding.secret, "username")))
        env.append(Env(f"PASSWORD_{suffix}", SecretRef(binding.secret, "password")))
    yield from kube.setup_job(me, "ensure", me.spec.image, files, env, ports=(PORT,))


def _statements(logins: tuple[postgresql.Binding, ...], *, reader: bool) -> str:
    """The SQL of the Job; with `reader`, also the role of the backups."""
    roles, readers = (
        [(kube.suffix(binding.secret), binding.claim.database) for binding in bindings]
        for bindings in postgresql.by_rights(logins)
    )
    return kube.render(
        __file__,
        "ensure.sql.j2",
        databases=sorted({binding.claim.database for binding in logins}),
        adopted=sorted({binding.claim.database for binding in logins if binding.claim.exists}),
        roles=roles,
        readers=readers,
        reader=reader,
    )
