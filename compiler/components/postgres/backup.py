"""Copies of a PostgreSQL's databases: a logical dump of each, by a role that can only read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from compiler import kube, model
from compiler.components.bases import backup
from compiler.interfaces import s3
from compiler.model import Env, SecretRef

READER = "platformc_backup"


def secret(me: model.Instance[Any]) -> str:
    return f"{me.name}-backup"


def credential(me: model.Instance[Any]) -> model.Credential:
    """The login that reads every database and changes nothing."""
    return model.Credential(
        secret(me),
        {"username": READER, "password": model.Random.PASSWORD},
        (me.namespace,),
        (me.name,),
    )


def lower(
    me: model.Instance[Any], wanted: backup.Plan, store: s3.Endpoint, databases: Sequence[str],
    superuser: str, *, port: int, user: int,
) -> Iterator[model.Piece]:  # fmt: skip
    """CronJobs that copy, restore and try, and what they run."""
    yield from backup.key(me, wanted)
    files = {
        name: kube.render(__file__, f"{name}.j2", databases=databases)
        for name in ("dump.sh", "contents.sh", "restore.sh")
    }
    yield model.ConfigFiles(
        f"{me.name}-backup", me.namespace, {**files, **backup.scripts(wanted, store)}
    )
    yield _job(
        me, wanted, store, "backup", wanted.schedule, user,
        [_postgres(me, "dump", "dump.sh", secret(me), port), _rclone(me, wanted, store, "upload")],
    )  # fmt: skip
    fetch = _rclone(me, wanted, store, "fetch")
    for role, schedule in (("restore", None), ("drill", wanted.drill)):
        mode = Env("MODE", role)
        restore = _postgres(me, role, "restore.sh", superuser, port, mode)
        if role == "restore" or schedule:
            yield _job(me, wanted, store, role, schedule, user, [fetch, restore])


def _job(
    me: model.Instance[Any], wanted: backup.Plan, store: s3.Endpoint, role: str,
    schedule: str | None, user: int, steps: Sequence[kube.Container],
) -> model.Resource:  # fmt: skip
    first, then = steps
    template = backup.pods(me, role, first, then, store, user=user, room=me.spec.storage)
    return backup.cron_job(me, role, template, schedule)


def traffic(port: int) -> Iterator[model.Piece]:
    """The ways of these pods to the server."""
    for role in ("backup", "restore", "drill"):
        yield model.InternalTraffic(role, "server", (port,))


def _rclone(
    me: model.Instance[Any], wanted: backup.Plan, store: s3.Endpoint, name: str
) -> kube.Container:
    variables = backup.env(me, wanted, store)
    return backup.container(name, wanted.image, f"{name}.sh", variables, me.spec.storage)


def _postgres(
    me: model.Instance[Any], name: str, script: str, login: str, port: int, *more: Env
) -> kube.Container:
    variables = (
        Env("PGHOST", me.host()),
        Env("PGPORT", str(port)),
        Env("PGDATABASE", "postgres"),
        Env("PGUSER", SecretRef(login, "username")),
        Env("PGPASSWORD", SecretRef(login, "password")),
        *more,
    )
    return backup.container(name, me.spec.image, script, variables, me.spec.storage)
