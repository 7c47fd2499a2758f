"""Copies of the buckets of a store that runs in the platform: one for all that is claimed of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from compiler import kube, model
from compiler.components.bases import backup, origin
from compiler.interfaces import s3
from compiler.model import Env, SecretRef
from compiler.spec import quantity

ROOM = "2Gi"  # local disk of each Job; a drill brings objects back to half of it
DRILL_OBJECTS = 1000  # objects of each bucket in one drill


def secret(me: model.Instance[Any]) -> str:
    """The Secret with the key that reads every bucket and writes none."""
    return f"{me.name}-backup"


def credential(me: model.Instance[Any], revoke_command: str = "") -> model.Credential:
    return model.Credential(
        secret(me),
        {s3.ACCESS_KEY: model.Random.ACCESS_KEY, s3.SECRET_KEY: model.Random.SECRET_KEY},
        (me.namespace,),
        (me.name,),
        revoke_command=revoke_command,
    )


def lower(
    me: model.Instance[Any], plan: backup.Plan, store: s3.Endpoint, buckets: Sequence[str],
    admin: Sequence[Env], *, port: int, capacity: float, separate_names: bool = False,
) -> Iterator[model.Piece]:  # fmt: skip
    """CronJobs that copy, restore and try the buckets; `admin` are the keys that may write to all.

    `capacity`: the bytes of objects that the store has room for.

    `separate_names`: the store keeps the names of objects elsewhere, so a name may outlive its content.
    """
    yield from backup.key(me, plan)
    files = _scripts(me, plan, store, buckets, separate_names=separate_names)
    yield model.ConfigFiles(f"{me.name}-backup", me.namespace, files)
    reading = (
        Env("RCLONE_CONFIG_SOURCE_ACCESS_KEY_ID", SecretRef(secret(me), s3.ACCESS_KEY)),
        Env("RCLONE_CONFIG_SOURCE_SECRET_ACCESS_KEY", SecretRef(secret(me), s3.SECRET_KEY)),
    )
    jobs: list[tuple[str, str, str | None, Sequence[Env]]] = [
        ("backup", "copy-buckets.sh", plan.schedule, (*reading, backup.keeping(plan))),
        ("restore", "restore-buckets.sh", None, admin),
    ]
    if plan.drill:
        jobs.append(("drill", "drill-buckets.sh", plan.drill, reading))
    for role, script, schedule, keys in jobs:
        yield model.InternalTraffic(role, "server", (port,))
        variables = (*_source(me, port), *keys, *backup.env(me, plan, store))
        container = backup.container(role, plan.image, script, variables, ROOM)
        template = kube.pod(
            me, role, [container], user=kube.USER, uses=[store], restart="Never",
            volumes=[kube.config(f"{me.name}-backup", backup.SCRIPTS)],
        )  # fmt: skip
        deletes = f"writes over objects in {', '.join(buckets)} and deletes none"
        yield backup.cron_job(me, role, template, schedule, deletes, capacity)


def _scripts(
    me: model.Instance[Any], plan: backup.Plan, store: s3.Endpoint, buckets: Sequence[str], *, separate_names: bool
) -> dict[str, str]:  # fmt: skip
    words = {
        **backup.template_words(me, plan, store), "buckets": buckets,
        "room": quantity.in_bytes(ROOM) // 2 // max(len(buckets), 1), "most": DRILL_OBJECTS,
        "separate_names": separate_names,
    }  # fmt: skip
    files = {
        f"{name}.sh": kube.render(backup.__file__, f"{name}.sh.j2", **words)
        for name in ("copy-buckets", "copied-buckets", "restore-buckets", "drill-buckets")
    }
    return {**files, **origin.files(me)}


def _source(me: model.Instance[Any], port: int) -> tuple[Env, ...]:
    return (
        Env("RCLONE_CONFIG_SOURCE_TYPE", "s3"),
        Env("RCLONE_CONFIG_SOURCE_PROVIDER", "Other"),
        Env("RCLONE_CONFIG_SOURCE_ENDPOINT", f"http://{me.host()}:{port}"),
        Env("RCLONE_CONFIG_SOURCE_REGION", "us-east-1"),
        Env("RCLONE_CONFIG_SOURCE_FORCE_PATH_STYLE", "true"),
    )
