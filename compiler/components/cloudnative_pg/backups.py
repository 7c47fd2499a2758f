"""Backups of a CloudNativePG cluster by the Barman Cloud Plugin: a continuous log, and full copies.

Facts are of the plugin's release 0.14.0, which is built against CloudNativePG 1.30.0: it adds a
container to each server's pod, with the variables and the resources that its ObjectStore says; the
retention is the ObjectStore's; an archive is a folder of the store, by default with the cluster's
name, and a new cluster refuses to write into one that is not empty. Backups that the operator's own
Barman support has made are read by the plugin (its documentation, migration).
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, ClassVar

from msgspec import Struct
from pydantic import Field

from compiler import kube, model
from compiler.components.bases.backup import longest_run
from compiler.components.cloudnative_pg.kinds import CLUSTER_LABEL, OBJECT_STORE, SCHEDULED_BACKUP
from compiler.interfaces import s3
from compiler.model import Env
from compiler.spec import quantity
from compiler.spec.backup import Backup as PlatformBackup
from compiler.spec.backup import OwnBackup
from compiler.spec.constraints import Exact
from compiler.spec.cron import longest_gap, with_seconds
from compiler.spec.types import Image, Name, Schedule

PLUGIN = "barman-cloud.cloudnative-pg.io"
VERSION = "0.14.0"
RELEASE = "https://github.com/cloudnative-pg/plugin-barman-cloud/releases/download"
METRIC = "barman_cloud_cloudnative_pg_io"
YEAR = 366 * 86400
SOURCE = "archive"  # the name of the cluster that is restored, in the spec of the new one
_TIME = Exact(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


class Drill(model.Section):
    """When the archive is restored to a pod's own disk and read to its end, and by which image."""

    schedule: Schedule | None = Field(
        default=None, description="A cron expression, in UTC; default: the platform's `drill`."
    )
    image: Image | None = Field(
        default=None,
        description="PostgreSQL with Barman's commands, of the cluster's major version; default: the cluster's "
        "image, with `system` where its tag has `standard` or `minimal`.",
    )
    none: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="Make no drill, for this reason."
    )


class Backup(OwnBackup):
    """The bucket, the archive, the schedule and the drill of a cluster's backups."""

    complete: ClassVar[bool] = True

    archive: Name | None = Field(
        default=None, description="The folder in the bucket; default: the instance's name."
    )
    drill: Drill | None = Field(
        default=None, description="Restore the archive on a schedule, and read all of it."
    )


class Restore(model.Section):
    """The archive from which a new cluster is made. An existing cluster does not read it."""

    archive: Name | None = Field(
        default=None, description="The folder in the bucket; default: the instance's name."
    )
    until: Annotated[str, _TIME] | None = Field(
        default=None,
        description="A time in UTC, like `2026-11-28T02:00:00Z`; default: the end of the log.",
    )


class Plan(Struct, frozen=True):
    """The backups of one cluster: its own settings, or else the platform's."""

    schedule: str
    keep: str
    bucket: str
    archive: str
    provider: str | None
    drill: str | None  # its schedule
    drill_image: str | None


def plan(me: model.Instance[Any]) -> Plan | None:
    """The settings by which a cluster is copied; None if nothing copies it."""
    of_instance: Backup | None = me.spec.backup
    of_platform = me.settings.backup
    if (of_instance is None and of_platform is None) or (
        of_instance is not None and of_instance.none
    ):
        return None
    instance_drill = of_instance.drill if of_instance else None
    return Plan(
        schedule=(of_instance and of_instance.schedule)
        or (of_platform.schedule if of_platform else "0 2 * * *"),
        keep=(of_instance and of_instance.keep) or (of_platform.keep if of_platform else "30d"),
        bucket=(of_instance and of_instance.bucket) or f"{me.name}-backups",
        archive=(of_instance and of_instance.archive) or me.name,
        provider=of_platform.to if of_platform else None,
        drill=_drill(instance_drill, of_platform),
        drill_image=instance_drill.image if instance_drill else None,
    )


def _drill(instance_drill: Drill | None, of_platform: PlatformBackup | None) -> str | None:
    """The schedule of the drill; None where there is to be none."""
    if instance_drill is not None and (instance_drill.none or instance_drill.schedule):
        return None if instance_drill.none else instance_drill.schedule
    return of_platform.drill if of_platform else "0 5 * * 0"


def longest_age(backup_plan: Plan, storage: str) -> int:
    """The seconds that the newest copy may be old, by its schedule and the size of the disk."""
    gap = longest_gap(backup_plan.schedule) or YEAR
    return gap + longest_run(quantity.in_bytes(storage))


def problems(me: model.Instance[Any]) -> Iterator[model.Problem]:
    """Copies that are not encrypted as asked, archives that cannot be continued, and times that do not exist."""
    yield from _unencrypted(me)
    yield from _continued(me)
    if me.spec.restore is not None and me.spec.restore.until is not None:
        yield from _no_time(me, me.spec.restore.until)


def _unencrypted(me: model.Instance[Any]) -> Iterator[model.Problem]:
    """Barman Cloud asks the store to encrypt, with the store's own keys (`--encryption`), and does not itself."""
    of_platform = me.settings.backup
    if of_platform is not None and of_platform.encrypt and plan(me) is not None:
        yield model.Problem(
            "unencrypted-copies",
            f"`spec.backup` encrypts copies, and those of `{me.name}` are not: Barman Cloud has no "
            "encryption with a key of yours",
            (),
            "silence this with the encryption of the store itself, or use `postgres`",
            related=("asked for here", ("spec", "backup", "encrypt")),
        )


def _continued(me: model.Instance[Any]) -> Iterator[model.Problem]:
    """A restored cluster cannot continue the archive that it is restored from."""
    restore: Restore | None = me.spec.restore
    if restore is None:
        return
    backup_plan = plan(me)
    if backup_plan is None:
        yield model.Problem(
            "invalid-value",
            f"`{me.name}` cannot be restored: `restore` reads the store of its backups, and it has none",
            ("restore",),
            "add `backup: {}`",
        )
    elif (restore.archive or me.name) == backup_plan.archive:
        archive = backup_plan.archive
        yield model.Problem(
            "invalid-value",
            f"`{me.name}` would write into `{archive}`, the archive that it is restored from: "
            "CloudNativePG refuses one that is not empty",
            ("restore",),
            f"name another for its backups: `backup: {{archive: {archive}-2}}`",
        )


def _no_time(me: model.Instance[Any], until: str) -> Iterator[model.Problem]:
    """A time that the operator's webhook refuses (1.30.0, validateRecoveryTarget)."""
    try:
        datetime.strptime(until, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        yield model.Problem(
            "invalid-value",
            f"`{me.name}` would be restored to `{until}`, a time that does not exist",
            ("restore", "until"),
            "write a time in UTC, like `2026-11-28T02:00:00Z`",
        )


def lower(me: model.Instance[Any], backup_plan: Plan, store: s3.Endpoint) -> Iterator[model.Piece]:
    """The store, and the schedule of full copies."""
    yield _object_store(me, backup_plan, store)
    yield _schedule(me, backup_plan)
    if me.spec.restore is not None:
        # The operator gives the pod that restores its own labels alone, and none that the cluster's
        # pods inherit (CloudNativePG 1.30, pkg/specs/jobs.go).
        labels = {CLUSTER_LABEL: me.name, "cnpg.io/jobRole": "full-recovery"}
        yield model.UnlabelledClients(model.OperatorPods("recovery", labels), store.binding)


def cluster(me: model.Instance[Any], backup_plan: Plan) -> model.Manifest:
    """The parts of the cluster's spec that send its log to the store, and read one that is there."""
    archiver = {
        "name": PLUGIN,
        "isWALArchiver": True,
        "parameters": {"barmanObjectName": me.name, "serverName": backup_plan.archive},
    }
    restore: Restore | None = me.spec.restore
    if restore is None:
        return {"plugins": [archiver]}
    recovery: model.Manifest = {"source": SOURCE}
    if restore.until:
        recovery["recoveryTarget"] = {"targetTime": restore.until}
    parameters = {"barmanObjectName": me.name, "serverName": restore.archive or me.name}
    return {
        "plugins": [archiver],
        "bootstrap": {"recovery": recovery},
        "externalClusters": [
            {"name": SOURCE, "plugin": {"name": PLUGIN, "parameters": parameters}}
        ],
    }


def alerts(backup_plan: Plan, storage: str) -> tuple[model.Alert, ...]:
    """Alerts on the age of the newest copy, and on the last one's failure."""
    newest = f"max({METRIC}_last_available_backup_timestamp{{$pods}})"
    failed = f"max({METRIC}_last_failed_backup_timestamp{{$pods}})"
    return (
        model.Alert(
            "BackupTooOld", f"time() - {newest} > {longest_age(backup_plan, storage)}", "1h",
            "No copy has been completed since the last one was due.", "critical",
        ),
        model.Alert(
            "BackupFailed", f"{failed} > {newest}", "10m",
            "The last copy has failed; the Backup object has the reason.",
        ),
    )  # fmt: skip


def _object_store(me: model.Instance[Any], backup_plan: Plan, store: s3.Endpoint) -> model.Resource:
    access = {
        "accessKeyId": store.secret_key(s3.ACCESS_KEY).selector,
        "secretAccessKey": store.secret_key(s3.SECRET_KEY).selector,
    }
    authority = kube.authorities.secret_key(store)
    resources = kube.resources(
        model.Resources(), cpu="50m", memory="128Mi", cpu_limit="1", memory_limit="1Gi"
    )
    spec = {
        "retentionPolicy": backup_plan.keep,
        "configuration": {
            "destinationPath": f"s3://{store.bucket}/",
            "endpointURL": store.url,
            **({"endpointCA": authority} if authority else {}),
            "s3Credentials": access,
            "data": {"compression": "gzip"},
            "wal": {"compression": "gzip"},
        },
        "instanceSidecarConfiguration": {
            # Barman's client is boto3: the region and the checksums come from its environment.
            "env": [variable.manifest() for variable in store.env() if _plain(variable)],
            "resources": resources,
        },
    }
    return model.Resource.of(OBJECT_STORE, kube.metadata(me, role="server"), spec)


def _plain(env: Env) -> bool:
    """Whether a variable refers to no Secret and no file."""
    return isinstance(env.value, str) and not env.value.startswith("/")


def _schedule(me: model.Instance[Any], backup_plan: Plan) -> model.Resource:
    spec = {
        "schedule": with_seconds(backup_plan.schedule),
        "cluster": {"name": me.name},
        "backupOwnerReference": "self",
        "immediate": True,
        "method": "plugin",
        "pluginConfiguration": {"name": PLUGIN},
    }
    return model.Resource.of(SCHEDULED_BACKUP, kube.metadata(me, role="server"), spec, step=1)
