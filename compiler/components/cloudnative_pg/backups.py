"""Backups of a CloudNativePG cluster: a continuous log, and full copies on a schedule."""

from typing import Annotated, Any

from pydantic import Field

from compiler import kube, model
from compiler.components.cloudnative_pg.kinds import SCHEDULED_BACKUP
from compiler.interfaces import s3
from compiler.model import Env
from compiler.spec.constraints import exact
from compiler.spec.types import Bucket, Schedule


class Backup(model.Section):
    """The bucket and the schedule of a cluster's backups."""

    schedule: Annotated[Schedule, Field(description="A cron expression, in UTC.")] = "0 2 * * *"
    retention: Annotated[
        str,
        Field(
            pattern=exact(r"[1-9][0-9]*[dwm]"),
            description="How long backups are kept, like `30d` or `4w`.",
        ),
    ] = "30d"
    bucket: Annotated[Bucket | None, Field(description="Default: `<name>-backups`.")] = None


def plan(me: model.Instance[Any]) -> Backup | None:
    """A cluster's own words, or else the platform's."""
    own: Backup | None = me.spec.backup
    whole = me.settings.backup
    if own is not None or whole is None:
        return own
    return Backup(schedule=whole.schedule, retention=whole.keep)


def archive(backup: Backup, store: s3.Endpoint) -> model.Manifest:
    """The parts of the cluster's spec that send its log and copies to a store."""
    access = {
        "accessKeyId": store.secret_key(s3.ACCESS_KEY).selector,
        "secretAccessKey": store.secret_key(s3.SECRET_KEY).selector,
    }
    authority = kube.authorities.secret_key(store)
    destination = {
        "destinationPath": f"s3://{store.bucket}/",
        "endpointURL": store.url,
        **({"endpointCA": authority} if authority else {}),
        "s3Credentials": access,
        "data": {"compression": "gzip"},
        "wal": {"compression": "gzip"},
    }
    return {
        "backup": {"barmanObjectStore": destination, "retentionPolicy": backup.retention},
        # Barman's client is boto3: the region and the checksums come from its environment.
        "env": [variable.manifest() for variable in store.env() if _plain(variable)],
    }


def _plain(env: Env) -> bool:
    """Whether a variable refers to no Secret and no file."""
    return isinstance(env.value, str) and not env.value.startswith("/")


def schedule(me: model.Instance[Any], backup: Backup) -> model.Resource:
    spec = {
        "schedule": f"0 {backup.schedule}",  # its cron starts with the seconds
        "cluster": {"name": me.name},
        "backupOwnerReference": "self",
        "immediate": True,
    }
    return model.Resource.of(SCHEDULED_BACKUP, kube.metadata(me, role="server"), spec, step=1)
