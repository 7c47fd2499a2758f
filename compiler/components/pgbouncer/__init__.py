"""PgBouncer: many clients on few PostgreSQL connections, one transaction at a time.

PgBouncer has no official image; edoburu's image reads a configuration file if it is given one.
Logins use SCRAM on both sides, from a userlist that is made at start from the clients' Secrets. In
front of an operator's PostgreSQL, the operator's own pooler is used instead.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from compiler import kube, model
from compiler.components.pgbouncer import metrics, pooler, versions
from compiler.interfaces import connections, postgresql, sql
from compiler.model import Env
from compiler.spec.types import Image

PHASE = model.Phase.DATABASES
VERSIONS = versions.VERSIONS
UPSTREAM = model.Requires("upstream", postgresql.Endpoint)
POOL = model.Provides("pool", postgresql.Endpoint, forwards=UPSTREAM)
FILE_KEYS = (
    ("default_pool_size", "poolSize"),
    ("max_client_conn", "maxClientConnections"),
)
PORT = 6432
SMALLEST_POOL = 5  # with fewer connections, clients mostly wait for each other


class Spec(model.RunningSpec, model.AdoptsService):
    """A connection pooler in front of one PostgreSQL."""

    image: Image = Field(default="docker.io/edoburu/pgbouncer:v1.25.2-p0", description="Its image.")
    replicas: int = Field(default=1, ge=1, le=20, description="Poolers, each with separate pools.")
    max_client_connections: Annotated[int, Field(ge=10, le=100000)] | None = Field(
        default=None,
        description="Client connections that each replica accepts; default: the sum of the clients' connections, at least 1000.",
    )
    pool_size: Annotated[int, Field(ge=1, le=postgresql.MOST_CONNECTIONS)] | None = Field(
        default=None,
        description="Connections per database and replica; default: derived from the server's limit.",
    )


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {UPSTREAM: postgresql.Claim(pooled=False, shared=True)}


def offers(me: model.Instance[Spec]) -> model.Offers:
    pooling = postgresql.Pooling(
        replicas=me.spec.replicas, size=me.spec.pool_size, smallest=SMALLEST_POOL,
        most_clients=me.spec.max_client_connections,
    )  # fmt: skip
    return {POOL: postgresql.Offer(port=PORT, pooling=pooling)}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    upstream = wiring[UPSTREAM]
    logins = sql.logins(wiring.claims(POOL))
    # Several consumers may share a login that exists already.
    pools = {(b.secret, b.claim.database) for b in wiring.claims(POOL) if b.claim.database}
    databases = sorted({database for _, database in pools})
    offer, clients = upstream.offer, wiring.claims_on_provider(UPSTREAM)
    server_capacity = connections.capacity(clients) if offer.grows else None
    sizes = connections.pool_sizes(clients, offer.max_connections or server_capacity)
    size = sizes.get(me.name, me.spec.pool_size or connections.DEFAULT_POOL)
    most_clients = me.spec.max_client_connections or connections.most_clients(wiring.claims(POOL))
    if upstream.offer.operator is not None:
        yield from pooler.lower(me, upstream, size, most_clients)
        return
    ini = kube.render(
        __file__, "pgbouncer.ini.j2",
        databases=databases, upstream=upstream, pool_size=size, port=PORT,
        max_client_connections=most_clients,
        server_tls="prefer" if upstream.sslmode == "prefer" else upstream.sslmode,
    )  # fmt: skip
    yield model.ConfigFiles(me.name, me.namespace, {"pgbouncer.ini": ini})
    yield kube.deployment(me, "server", _template(me, logins, upstream), replicas=me.spec.replicas)
    yield kube.service(me, "server", {"tcp-postgresql": PORT})
    yield metrics.of(PORT)


def _template(
    me: model.Instance[Spec], logins: tuple[postgresql.Binding, ...], upstream: postgresql.Endpoint
) -> model.Manifest:
    resources = kube.resources(
        me.spec.resources, cpu="50m", memory="64Mi", cpu_limit="1", memory_limit="256Mi"
    )
    server = kube.Container(
        "pgbouncer",
        me.spec.image,
        resources,
        command=["pgbouncer", "/etc/pgbouncer/pgbouncer.ini"],
        ports={"tcp-postgresql": PORT},
        readiness=kube.tcp_probe("tcp-postgresql", period=5),
        liveness=kube.tcp_probe("tcp-postgresql", period=20),
        # Since 1.23 SIGTERM waits for the clients; leave the Service's endpoints first.
        pre_stop={"exec": {"command": ["sleep", "10"]}},
    )
    return kube.pod(
        me,
        "server",
        [server],
        init=[_userlist(me, logins, resources)],
        user=kube.USER,
        uses=[upstream],
        grace=60,
        spread=me.spec.replicas > 1,
        volumes=[
            kube.config(me.name, "/etc/pgbouncer"),
            kube.empty_dir("userlist", "/etc/userlist", "1Mi", memory=True),
        ],
    )


def _userlist(
    me: model.Instance[Spec], logins: tuple[postgresql.Binding, ...], resources: model.Manifest
) -> kube.Container:
    """The init container that writes the userlist from the clients' Secrets."""
    env: list[Env] = []
    suffixes = [kube.suffix(binding.secret) for binding in logins]
    for suffix, binding in zip(suffixes, logins, strict=True):
        env.append(Env(f"USERNAME_{suffix}", binding.secret_key("username")))
        env.append(Env(f"PASSWORD_{suffix}", binding.secret_key("password")))
    return kube.Container(
        "userlist",
        me.spec.image,
        resources,
        command=["sh", "-c", kube.render(__file__, "userlist.sh.j2", suffixes=suffixes)],
        env=env,
    )
