"""Backups of systems of record: the pods that make, restore and test them.

rclone copies them to a bucket of the store in `spec.backup.to`. Facts about rclone 1.60 and 1.71:
variables RCLONE_CONFIG_<NAME>_* define a remote, the password of an encrypted remote must be
obscured first, and `--s3-no-check-bucket` is for a key that may not create buckets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from compiler import kube, model
from compiler.interfaces import s3
from compiler.model import Env, SecretRef
from compiler.spec import cron
from compiler.spec.backup import Backup, days
from compiler.spec.quantity import MIB

COPIES = model.Requires(s3.COPIES, s3.Endpoint)
FOLDER, SCRIPTS = "/backup", "/etc/platformc"
SIX_HOURS = 6 * 3600  # seconds
_RATE = 50 * MIB  # bytes of a copy in a second: less than half of what a gigabit link takes
KEEP = "KEEP_DAYS"
_FORGETS = model.Effect(
    f"spec/jobTemplate/spec/template/spec/containers/[^/]+/env/{KEEP}/value", model.Risk.DATA_LOSS,
    "the next copy deletes the copies that are too old by the new `keep`", when=model.shrinks,
)  # fmt: skip


class Plan(Struct, frozen=True):
    """The backup settings of one instance: the platform's, and the instance's own."""

    to: str
    schedule: str
    days: int
    drill: str | None
    bucket: str
    encrypt: bool
    image: str


def plan(me: model.Instance[Any]) -> Plan | None:
    """The settings by which an instance is copied; None if nothing copies it."""
    of_platform: Backup | None = me.settings.backup
    of_instance = me.spec.backup
    if (
        of_platform is None
        or me.name == of_platform.to
        or (of_instance is not None and of_instance.none)
    ):
        return None
    return Plan(
        to=of_platform.to,
        schedule=(of_instance and of_instance.schedule) or of_platform.schedule,
        days=days((of_instance and of_instance.keep) or of_platform.keep),
        drill=of_platform.drill,
        bucket=(of_instance and of_instance.bucket) or f"{me.name}-backups",
        encrypt=of_platform.encrypt,
        image=of_platform.image,
    )


def claims(me: model.Instance[Any]) -> model.Claims:
    """The bucket that keeps the copies of an instance."""
    backup_plan = plan(me)
    if backup_plan is None:
        return {}
    # rclone finds no encrypted copy by the plain names, and no plain one by the encrypted names.
    form = " (encrypted)" if backup_plan.encrypt else ""
    claim = s3.Claim(buckets=(backup_plan.bucket,), provider=backup_plan.to, copies=True, part=form)
    return {COPIES: claim}


def key(me: model.Instance[Any], backup_plan: Plan) -> list[model.Credential]:
    """The key of encrypted copies: without it nothing can be restored."""
    if not backup_plan.encrypt:
        return []
    return [
        model.Credential(
            f"{me.name}-backup-key",
            {"key": model.Random.SECRET_KEY},
            (me.namespace,),
            (me.name,),
            "`key` encrypts every copy: keep it elsewhere too, without it none can be restored",
            immutable_reason="copies that exist are encrypted with it",
        )
    ]


def env(me: model.Instance[Any], backup_plan: Plan, store: s3.Endpoint) -> tuple[Env, ...]:
    """The variables of every rclone of an instance: its remotes, and the key of encrypted copies."""
    safe = (
        Env("RCLONE_CONFIG_SAFE_TYPE", "crypt"),
        Env("RCLONE_CONFIG_SAFE_REMOTE", f"copies:{store.bucket}"),
        Env("BACKUP_KEY", SecretRef(f"{me.name}-backup-key", "key")),
    )
    return (
        *store.rclone("COPIES"),
        *store.rclone_trust(),
        *(safe if backup_plan.encrypt else ()),
        Env("RCLONE_CONFIG", f"{kube.TMP}/rclone.conf"),
        Env("RCLONE_S3_NO_CHECK_BUCKET", "true"),
        Env("HOME", kube.TMP),
    )


def keeping(backup_plan: Plan) -> Env:
    """The days that copies are kept, as a variable of the Job that copies."""
    return Env(KEEP, str(backup_plan.days))


def target(backup_plan: Plan, store: s3.Endpoint) -> str:
    """Where copies lie, as rclone names it."""
    return "safe:" if backup_plan.encrypt else f"copies:{store.bucket}/"


def scripts(me: model.Instance[Any], backup_plan: Plan, store: s3.Endpoint) -> Mapping[str, str]:
    """The scripts that move copies of files."""
    words = template_words(me, backup_plan, store)
    return {
        name: kube.render(__file__, f"{name}.j2", **words) for name in ("upload.sh", "fetch.sh")
    }


def template_words(
    me: model.Instance[Any], backup_plan: Plan, store: s3.Endpoint
) -> dict[str, object]:
    """The values of the scripts that move copies."""
    return {
        "target": target(backup_plan, store).rstrip("/"),
        "bucket": f"copies:{store.bucket}",
        "key": f"{me.name}-backup-key" if backup_plan.encrypt else "",
        "encrypt": backup_plan.encrypt,
    }


def container(
    name: str, image: str, script: str, variables: Sequence[Env], room: str
) -> kube.Container:
    """A container that runs one of the scripts, with room on local disk for a whole copy."""
    resources = kube.resources(
        model.Resources(), cpu="100m", memory="128Mi", cpu_limit="2", memory_limit="1Gi",
        disk=room, disk_limit=room,
    )  # fmt: skip
    return kube.Container(
        name, image, resources, command=["sh", f"{SCRIPTS}/{script}"], env=variables
    )


def pods(
    me: model.Instance[Any], role: str, init: kube.Container, then: kube.Container,
    store: s3.Endpoint, *, user: int, room: str,
) -> model.Manifest:  # fmt: skip
    """Pods that do one thing after the other, with a folder between the two."""
    return kube.pod(
        me, role, [then], init=[init], user=user, uses=[store], restart="Never",
        volumes=[
            kube.config(f"{me.name}-backup", SCRIPTS),
            kube.empty_dir("backup", FOLDER, room),
        ],
    )  # fmt: skip


def longest_run(capacity: float) -> int:
    """How many seconds a copy, a drill or a restore of so many bytes may take: six hours, or more by the hour."""
    return max(SIX_HOURS, 3600 * ceil(capacity / _RATE / 3600))


def latest_start(schedule: str | None) -> int:
    """How many seconds late a copy or a drill may start: a late one is better than none until the next."""
    gap = cron.shortest_gap(schedule) if schedule else 0
    return max(600, SIX_HOURS if gap is None else min(SIX_HOURS, gap))


def cron_job(
    me: model.Instance[Any], role: str, template: model.Manifest, schedule: str | None,
    deletes: str, capacity: float,
) -> model.Resource:  # fmt: skip
    """Without a schedule it waits to be started by hand. `deletes` describes a restore's effect.

    `capacity`: the bytes that the instance has room for, which the Job may have to move.
    """
    job = kube.cron_job(
        me, template, schedule=schedule, deadline=longest_run(capacity), retries=1,
        name=f"{me.name}-{role}", step=2, latest_start=latest_start(schedule),
    )  # fmt: skip
    if role == "restore":
        job.manifest["metadata"]["annotations"] = {model.REPLACES: deletes}
    return replace(job, effects=(_FORGETS,)) if role == "backup" else job
