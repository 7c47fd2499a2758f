"""Lower the Job of `spec.move`, which copies the data of a back end to another one, or back.

Its logins open only the databases, buckets or keys that the clients of the old instance claim.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from compiler import kube, model
from compiler.interfaces import mysql, postgresql, redis, s3
from compiler.tenants import move_buckets, move_keys, move_mysql, move_postgresql
from compiler.tenants.move_kind import MoveKind

PHASE = model.Phase.SERVERS
SECTION = "moves"
NAME = ROLE = "move"
SCRIPTS = "/etc/platformc"
LONGEST = 24 * 3600  # seconds of a run
# By the endpoint of both instances.
KINDS: Mapping[type[Any], MoveKind] = {
    s3.Endpoint: move_buckets.KIND,
    postgresql.Endpoint: move_postgresql.KIND,
    mysql.Endpoint: move_mysql.KIND,
    redis.Endpoint: move_keys.KIND,
}


class Spec(model.RunningSpec):
    """No part of the spec: it follows from `spec.move` and from the claims of the clients."""

    interface: str
    names: tuple[str, ...]  # the names of the databases, buckets or keys
    room: str  # the room on local disk
    unceasing: tuple[str, ...] = ()  # those of the names that are written to at all times


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}  # resolve/move.py binds it, with the claims of the clients


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    (kind,) = (kind for endpoint, kind in KINDS.items() if endpoint.interface == me.spec.interface)
    endpoints: Sequence[model.Endpoint] = wiring.endpoints
    files, env = kind.files(me, wiring), kind.env(me, wiring)
    yield model.ConfigFiles(me.name, me.namespace, files)
    resources = kube.resources(
        me.spec.resources, cpu="100m", memory="256Mi", cpu_limit="2", memory_limit="1Gi",
        disk=me.spec.room, disk_limit=me.spec.room,
    )  # fmt: skip
    container = kube.Container(
        NAME, str(me.spec.image), resources, command=["sh", f"{SCRIPTS}/{NAME}.sh"], env=env
    )
    template = kube.pod(
        me, ROLE, [container], user=kube.USER, uses=endpoints, restart="Never",
        volumes=[kube.config(me.name, SCRIPTS), kube.empty_dir("backup", "/backup", me.spec.room)],
    )  # fmt: skip
    # Without a schedule: the printed plan starts it.
    yield kube.cron_job(me, template, schedule=None, deadline=LONGEST, retries=0)
