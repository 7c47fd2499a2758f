"""Copies of a server's databases: CronJobs that dump, restore and try, by scripts of the component.

The component brings `dump.sh` and `restore.sh`: the first leaves a folder with the time as its name in
/backup, the second takes one from there. Both read `contents.sh`, which says what a dump holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from compiler import kube, model
from compiler.components.bases import backup, origin
from compiler.interfaces import s3, sql
from compiler.model import Env
from compiler.spec import quantity


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
    me: model.Instance[Any], plan: backup.Plan, store: s3.Endpoint, folder: str,
    logins: Iterable[model.Binding[sql.Claim, Any]], *, contents: str, reading: Sequence[Env], writing: Sequence[Env], port: int, user: int,
) -> Iterator[model.Piece]:  # fmt: skip
    """What runs, and the ways of these pods to the server; `folder` has the scripts' templates."""
    logins = [login for login in logins if login.claim.copied]
    databases = sorted({login.claim.database for login in logins})
    yield from backup.key(me, plan)
    scripts = {
        "dump.sh": kube.render(folder, "dump.sh.j2", databases=databases),
        "restore.sh": kube.render(folder, "restore.sh.j2", databases=databases, drill=sql.DRILL),
        "contents.sh": contents,
        **backup.scripts(me, plan, store),
        **origin.files(me, logins),
    }
    yield model.ConfigFiles(f"{me.name}-backup", me.namespace, scripts)
    dump = _server(me, "dump", "dump.sh", reading)
    steps: dict[str, tuple[str | None, kube.Container, kube.Container]] = {
        "backup": (plan.schedule, dump, _rclone(me, plan, store, "upload"))
    }
    for role, schedule in (("restore", None), ("drill", plan.drill)):
        restore = _server(me, role, "restore.sh", (*writing, Env("MODE", role)))
        if role == "restore" or schedule:
            steps[role] = (schedule, _rclone(me, plan, store, "fetch"), restore)
    for role, (schedule, before, then) in steps.items():
        yield model.InternalTraffic(role, "server", (port,))
        template = backup.pods(me, role, before, then, store, user=user, room=me.spec.storage)
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
