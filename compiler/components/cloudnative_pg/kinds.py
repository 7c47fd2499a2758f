"""The kinds of CloudNativePG's API, by its release 1.30, and of its Barman Cloud Plugin 0.14."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from compiler.model import (
    COPY,
    CopyOrder,
    CustomResource,
    Effect,
    FieldChange,
    Manifest,
    OperatorWorkload,
    Risk,
    shrinks,
)
from compiler.spec.backup import days

API = "postgresql.cnpg.io/v1"


def _single_instance(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    return min(int(manifest["spec"].get("instances", 1)) for manifest in (before, after)) <= 1


def _drops_database(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    return bool(change.after == "delete")


def _keeps_less(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    """Whether copies that are kept now will be too old; without a policy, all are kept."""
    old, new = (
        days(text) if isinstance(text, str) and text[-1] in "dw" else math.inf
        for text in (change.before, change.after)
    )
    return new < old


_PLUGIN = "backups go from the operator's own Barman support to the Barman Cloud Plugin"
_INSTALL = "install the plugin first: `platformc prerequisites`"

CLUSTER_LABEL = "cnpg.io/cluster"  # of all pods for a Cluster, with its name as the value
SERVER_LABELS = {
    "cnpg.io/podRole": "instance"
}  # of PostgreSQL's own pods (pkg/specs/pods.go of 1.30)


def _server_labels(manifest: Manifest) -> Mapping[str, str]:
    return SERVER_LABELS


def _services(manifest: Manifest) -> Iterator[str]:
    """The Services of a Cluster (1.30, api/v1/cluster_types.go)."""
    yield from (f"{manifest['metadata']['name']}-{role}" for role in ("r", "ro", "rw"))


# An instance restarts if its image, the spec of its pod or a parameter that PostgreSQL reads at its start
# differs (CloudNativePG 1.30, internal/controller/cluster_upgrade.go), and for nothing else. Labels of pods
# (pkg/reconciler/instance/metadata.go) and managed roles are reconciled in place.
CLUSTER = CustomResource(
    api=API,
    kind="Cluster",
    services=_services,
    pods=OperatorWorkload(("spec", "inheritedMetadata", "labels"), CLUSTER_LABEL, added_labels=_server_labels),
    env=("spec", "env"),
    makes=("PodDisruptionBudget", "ServiceAccount", "Role", "RoleBinding"),
    ready="condition=Ready",
    replicas="instances",
    volume_claims="{name}",
    storage_class=("spec", "storage", "storageClass"),
    secret_keys=("accessKeyId", "secretAccessKey", "passwordSecret"),
    recovery=("spec", "bootstrap", "recovery"),
    recovery_time=("spec", "bootstrap", "recovery", "recoveryTarget", "targetTime"),
    recovery_help="its operator restores it as a new cluster: add `restore: {}` to its section, and "
    "another `archive` under its `backup`",
    holds_data=True,
    never_pruned=True,
    # validateStorageConfigurationChange of internal/webhook/v1/cluster_webhook.go, 1.30.
    webhook_refuses=(("spec/(storage|walStorage)/size", shrinks),),
    effects=(
        Effect("spec/(storage|walStorage)/size", Risk.DATA_LOSS, "a volume can't shrink", COPY,
               shrinks),
        Effect("spec/(storage|walStorage)/size", Risk.RELOAD,
               "the operator grows the volumes, where their storage class allows expansion"),
        Effect("spec/(storage|walStorage)(/.*)?", Risk.DOWNTIME,
               "only new instances get other volumes: each has to be made anew"),
        Effect("spec/instances", Risk.RELOAD, "replicas come or go"),
        Effect("spec/postgresql/synchronous(/.*)?", Risk.RELOAD, "commits wait for other replicas"),
        Effect("spec/(bootstrap|externalClusters)(/.*)?", Risk.NO_OP,
               "it is read once, when the cluster is made"),
        Effect("spec/backup(/.*)?", Risk.DOWNTIME, f"{_PLUGIN}, and its only instance restarts",
               _INSTALL, _single_instance),
        Effect("spec/backup(/.*)?", Risk.RESTART, f"{_PLUGIN}, and each instance restarts", _INSTALL),
        Effect("spec/plugins(/.*)?", Risk.DOWNTIME,
               "its only instance restarts with the plugin's container", _INSTALL, _single_instance),
        Effect("spec/plugins(/.*)?", Risk.RESTART,
               "each instance restarts with the plugin's container", _INSTALL),
        Effect("spec/managed(/.*)?", Risk.RELOAD, "the operator changes the roles in the running server"),
        Effect("spec/inheritedMetadata(/.*)?", Risk.RELOAD, "the operator labels the running pods"),
        Effect("spec/enablePDB", Risk.NO_OP, "a disruption budget comes or goes"),
        Effect("spec(/.*)?", Risk.DOWNTIME, "its only instance restarts", when=_single_instance),
    ),
)  # fmt: skip
DATABASE = CustomResource(
    api=API,
    kind="Database",
    holds_data=True,
    never_pruned=True,
    immutable=("spec/(name|cluster|encoding|locale|template|icu)[^/]*(/.*)?",),
    effects=(
        Effect("spec/databaseReclaimPolicy", Risk.DATA_LOSS,
               "the database will be dropped with its object", when=_drops_database),
    ),
)  # fmt: skip
OBJECT_STORE = CustomResource(
    api="barmancloud.cnpg.io/v1",
    kind="ObjectStore",
    secret_keys=("accessKeyId", "secretAccessKey"),
    effects=(
        Effect("spec/retentionPolicy", Risk.DATA_LOSS,
               "the plugin's next check deletes the copies that are too old by the new `keep`", when=_keeps_less),
        Effect("spec/retentionPolicy", Risk.RELOAD,
               "copies that are too old are deleted at the plugin's next check"),
        Effect("spec/configuration/destinationPath", Risk.RELOAD,
               "the log goes on in another place; copies in the old one are not pruned any more"),
        Effect("spec/configuration(/.*)?", Risk.RELOAD, "the plugin reads it for its next file"),
        Effect("spec(/.*)?", Risk.RESTART, "the plugin's container changes in every server's pod"),
    ),
)  # fmt: skip


def _backup(schedule: Manifest) -> Manifest:
    """The Backup that a ScheduledBackup makes when its time comes (api/v1/backup_types.go of 1.30)."""
    metadata = {key: schedule["metadata"].get(key) for key in ("namespace", "labels")}
    spec = {
        key: schedule["spec"][key]
        for key in ("cluster", "method", "pluginConfiguration")
        if key in schedule["spec"]
    }
    name = f"{schedule['metadata']['name']}-now"
    return {
        "apiVersion": API,
        "kind": "Backup",
        "metadata": {"name": name, **metadata},
        "spec": spec,
    }


SCHEDULED_BACKUP = CustomResource(
    api=API,
    kind="ScheduledBackup",
    holds_data=True,
    copies_data=True,
    copy_order=CopyOrder(_backup, "{.status.phase}", "completed", ("failed", "invalid")),
    immutable=("spec/cluster(/.*)?",),
)
