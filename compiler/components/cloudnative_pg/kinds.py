"""The kinds of CloudNativePG's API, by its release 1.30."""

from __future__ import annotations

from compiler.model import (
    COPY,
    CustomResource,
    Effect,
    FieldChange,
    Manifest,
    OperatorWorkload,
    Risk,
    shrinks,
)

API = "postgresql.cnpg.io/v1"


def _single_instance(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    return min(int(one["spec"].get("instances", 1)) for one in (before, after)) <= 1


def _drops_database(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    return bool(change.after == "delete")


CLUSTER = CustomResource(
    api=API,
    kind="Cluster",
    pods=OperatorWorkload(("spec", "inheritedMetadata", "labels"), "cnpg.io/cluster"),
    ready="condition=Ready",
    replicas="instances",
    volume_claims="{name}",
    secret_keys=("accessKeyId", "secretAccessKey", "passwordSecret"),
    holds_data=True,
    effects=(
        Effect("spec/(storage|walStorage)/size", Risk.DATA_LOSS, "a volume can't shrink", COPY,
               shrinks),
        Effect("spec/(storage|walStorage)/size", Risk.RELOAD,
               "the operator grows the volumes, where their storage class allows expansion"),
        Effect("spec/(storage|walStorage)(/.*)?", Risk.DOWNTIME,
               "only new instances get other volumes: each has to be made anew"),
        Effect("spec/instances", Risk.RELOAD, "replicas come or go"),
        Effect("spec/bootstrap(/.*)?", Risk.NO_OP, "it is read once, when the cluster is made"),
        Effect("spec(/.*)?", Risk.DOWNTIME, "its only instance restarts", when=_single_instance),
    ),
)  # fmt: skip
DATABASE = CustomResource(
    api=API,
    kind="Database",
    holds_data=True,
    immutable=("spec/(name|cluster|encoding|locale|template|icu)[^/]*(/.*)?",),
    effects=(
        Effect("spec/databaseReclaimPolicy", Risk.DATA_LOSS,
               "the database will be dropped with its object", when=_drops_database),
    ),
)  # fmt: skip
SCHEDULED_BACKUP = CustomResource(
    api=API,
    kind="ScheduledBackup",
    holds_data=True,
    copies_data=True,
    immutable=("spec/cluster(/.*)?",),
)
POOLER = CustomResource(
    api=API,
    kind="Pooler",
    pods=OperatorWorkload(("spec", "template", "metadata", "labels"), "cnpg.io/poolerName"),
    replicas="instances",
    immutable=("spec/cluster(/.*)?",),
)
