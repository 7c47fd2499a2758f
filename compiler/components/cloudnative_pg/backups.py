"""Backups of a CloudNativePG cluster by the Barman Cloud Plugin: a continuous log, and full copies.

Facts are of the plugin's release 0.14.0, which is built against CloudNativePG 1.30.0: it adds a
container to each server's pod, with the variables and the resources that its ObjectStore says; the
retention is the ObjectStore's; an archive is a folder of the store, by default with the cluster's
name, and a new cluster refuses to write into one that is not empty. Backups that the operator's own
Barman support has made are read by the plugin (its documentation, migration).
"""

from collections.abc import Iterator
from typing import Annotated, Any

from msgspec import Struct
from pydantic import Field

from compiler import kube, model
from compiler.components.cloudnative_pg.kinds import OBJECT_STORE, SCHEDULED_BACKUP
from compiler.interfaces import s3
from compiler.model import Env
from compiler.spec.backup import OwnBackup
from compiler.spec.constraints import exact
from compiler.spec.cron import longest_gap
from compiler.spec.types import Name

PLUGIN = "barman-cloud.cloudnative-pg.io"
VERSION = "0.14.0"
RELEASE = "https://github.com/cloudnative-pg/plugin-barman-cloud/releases/download"
METRIC = "barman_cloud_cloudnative_pg_io"
LATE = 6 * 3600  # seconds that a copy may take
YEAR = 366 * 86400
SOURCE = "archive"  # the name of the cluster that is restored, in the spec of the new one
_TIME = exact(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


class Backup(OwnBackup):
    """The bucket, the archive and the schedule of a cluster's backups."""

    archive: Annotated[
        Name | None,
        Field(description="The folder in the bucket; default: the instance's name."),
    ] = None


class Restore(model.Section):
    """The archive from which a new cluster is made. An existing cluster does not read it."""

    archive: Annotated[
        Name | None,
        Field(description="The folder in the bucket; default: the instance's name."),
    ] = None
    until: Annotated[
        Annotated[str, Field(pattern=_TIME)] | None,
        Field(
            description="A time in UTC, like `2026-11-28T02:00:00Z`; default: the end of the log."
        ),
    ] = None


class Plan(Struct, frozen=True):
    """The backups of one cluster: its own settings, or else the platform's."""

    schedule: str
    keep: str
    bucket: str
    archive: str
    provider: str | None


def plan(me: model.Instance[Any]) -> Plan | None:
    """How a cluster is copied; None where it is not."""
    own: Backup | None = me.spec.backup
    whole = me.settings.backup
    if (own is None and whole is None) or (own is not None and own.none):
        return None
    return Plan(
        schedule=(own and own.schedule) or (whole.schedule if whole else "0 2 * * *"),
        keep=(own and own.keep) or (whole.keep if whole else "30d"),
        bucket=(own and own.bucket) or f"{me.name}-backups",
        archive=(own and own.archive) or me.name,
        provider=whole.to if whole else None,
    )


def problems(me: model.Instance[Any]) -> Iterator[model.Problem]:
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


def lower(me: model.Instance[Any], backup_plan: Plan, store: s3.Endpoint) -> Iterator[model.Piece]:
    """The store, and the schedule of full copies."""
    yield _object_store(me, backup_plan, store)
    yield _schedule(me, backup_plan)
    if me.spec.restore is not None:
        # The operator gives the pod that restores its own labels alone, and none that the cluster's
        # pods inherit (CloudNativePG 1.30, pkg/specs/jobs.go).
        labels = {"cnpg.io/cluster": me.name, "cnpg.io/jobRole": "full-recovery"}
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


def alerts(backup_plan: Plan) -> tuple[model.Alert, ...]:
    """Alerts on the age of the newest copy, and on the last one's failure."""
    newest = f"max({METRIC}_last_available_backup_timestamp{{$pods}})"
    failed = f"max({METRIC}_last_failed_backup_timestamp{{$pods}})"
    seconds = (longest_gap(backup_plan.schedule) or YEAR) + LATE
    return (
        model.Alert(
            "BackupTooOld", f"time() - {newest} > {seconds}", "1h",
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
        "schedule": f"0 {backup_plan.schedule}",  # its cron starts with the seconds
        "cluster": {"name": me.name},
        "backupOwnerReference": "self",
        "immediate": True,
        "method": "plugin",
        "pluginConfiguration": {"name": PLUGIN},
    }
    return model.Resource.of(SCHEDULED_BACKUP, kube.metadata(me, role="server"), spec, step=1)
