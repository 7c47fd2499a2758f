"""Copies of a server's databases: CronJobs that dump, restore and try, by scripts of the component.

The component brings `dump.sh` and `restore.sh`: the first leaves a folder with the time as its name in
/backup, the second takes one from there. Both read `contents.sh`, which says what a dump holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from compiler import kube, model
from compiler.components.bases import backup, origin
from compiler.interfaces import s3, sql
from compiler.model import Env
from compiler.spec import quantity


class Server(Struct, frozen=True, kw_only=True):
    """The facts about a kind of server on which its copies depend."""

    folder: str  # a path in the folder whose `templates` has the two scripts
    contents: str  # the script that both read
    reading: tuple[Env, ...]  # the variables of a client that reads every database
    writing: tuple[Env, ...]  # those of one that may replace each
    port: int
    user: int  # the user as which its image runs


def secret(me: model.Instance[Any]) -> str:
    """The Secret with the login that reads every database and changes none."""
    return f"{me.name}-backup"


def credential(me: model.Instance[Any], username: str, revoke_command: str) -> model.Credential:
    """The login that reads the databases, and the command that shuts it out."""
    return model.Credential(
        secret(me),
        {"username": username, "password": model.Random.PASSWORD},
        (me.namespace,),
        (me.name,),
        revoke_command=revoke_command,
    )


def lower(
    me: model.Instance[Any], plan: backup.Plan, store: s3.Endpoint,
    logins: Iterable[model.Binding[sql.Claim, Any]], server: Server,
) -> Iterator[model.Piece]:  # fmt: skip
    """The CronJobs, their scripts, and the ways of their pods to the server."""
    logins = [login for login in logins if login.claim.copied]
    databases = sorted({login.claim.database for login in logins})
    yield from backup.key(me, plan)
    scripts = {
        "dump.sh": kube.render(server.folder, "dump.sh.j2", databases=databases),
        "restore.sh": kube.render(
            server.folder, "restore.sh.j2", databases=databases, drill=sql.DRILL
        ),
        "contents.sh": server.contents,
        **backup.scripts(me, plan, store),
        **origin.files(me, logins),
    }
    yield model.ConfigFiles(f"{me.name}-backup", me.namespace, scripts)
    dump = _server(me, "dump", "dump.sh", server.reading)
    steps: dict[str, tuple[str | None, kube.Container, kube.Container]] = {
        "backup": (plan.schedule, dump, _rclone(me, plan, store, "upload"))
    }
    for role, schedule in (("restore", None), ("drill", plan.drill)):
        restore = _server(me, role, "restore.sh", (*server.writing, Env("MODE", role)))
        if role == "restore" or schedule:
            steps[role] = (schedule, _rclone(me, plan, store, "fetch"), restore)
    for role, (schedule, before, then) in steps.items():
        yield model.InternalTraffic(role, "server", (server.port,))
        template = backup.pods(
            me, role, before, then, store, user=server.user, room=me.spec.storage
        )
        deletes = f"deletes every table in {', '.join(databases)}"
        capacity = quantity.in_bytes(me.spec.storage)
        yield backup.cron_job(me, role, template, schedule, deletes, capacity)


def _rclone(
    me: model.Instance[Any], plan: backup.Plan, store: s3.Endpoint, name: str
) -> kube.Container:
    keeping = (backup.keeping(plan),) if name == "upload" else ()
    variables = (*backup.env(me, plan, store), *keeping)
    return backup.container(name, plan.image, f"{name}.sh", variables, me.spec.storage)


def _server(
    me: model.Instance[Any], name: str, script: str, variables: Sequence[Env]
) -> kube.Container:
    return backup.container(name, me.spec.image, script, variables, me.spec.storage)
