"""The table of risks: the effect of a change, by kind and field.

Facts about immutable fields are Kubernetes' own (apps/v1 StatefulSetSpec and DeploymentSpec,
core/v1 PersistentVolumeClaimSpec and ServiceSpec, rbac/v1 roleRef, v1.34). If in doubt, a rule
chooses the higher risk: readers can ignore a needless warning, but cannot undo a loss.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

from compiler.diff import FieldChange, Judgement, Risk
from compiler.diff.storage import claim_names, loses_claim, moves_data, shrinks
from compiler.model.resource import Manifest
from compiler.spec.image import split_image
from compiler.spec.quantity import amount

When = Callable[[FieldChange, Manifest, Manifest], bool]

ORPHAN = (
    "kubectl delete {object} --cascade=orphan, then apply: the pods and volumes stay, and are "
    "taken over"
)
EXPAND = (
    "set the new size on each PersistentVolumeClaim (the storage class must allow expansion), then "
    + ORPHAN
)
COPY = "copy the data to new volumes first; nothing does that by itself"


class Rule(Struct, frozen=True):
    """Fields of some kinds (as regular expressions), a further condition, and the judgement."""

    kinds: str
    path: str
    risk: Risk
    reason: str
    way: str = ""
    when: When = lambda change, before, after: True

    def judge(self, change: FieldChange, before: Manifest, after: Manifest) -> Judgement | None:
        if not re.fullmatch(self.kinds, before["kind"]) or not re.fullmatch(self.path, change.path):
            return None
        if not self.when(change, before, after):
            return None
        return Judgement(self.risk, self.reason, self.way.format(object=_kubectl_name(before)))


def _kubectl_name(manifest: Manifest) -> str:
    """The arguments by which kubectl finds an object."""
    metadata = manifest["metadata"]
    space = f" -n {metadata['namespace']}" if "namespace" in metadata else ""
    return f"{manifest['kind'].lower()} {metadata['name']}{space}"


def _shrinks(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    return shrinks(change)


def _whole_claim(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    return not change.before


def _deletes(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    value: object = change.after
    return value == "Delete" or (isinstance(value, dict) and "Delete" in value.values())


def _to_zero(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    return bool(change.after == 0)


def _fewer(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    return int(change.after or 1) < int(change.before or 1)


def _fewer_with_volumes(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    return bool(claim_names(before)) and _fewer(change, before, after)


def _single(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    counts = [
        manifest["spec"].get("replicas", manifest["spec"].get("instances", 1))
        for manifest in (before, after)
    ]
    return bool(min(counts) <= 1)


def _recreated(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    strategy: object = after["spec"].get("strategy", {}).get("type")
    return strategy == "Recreate"


def _other_major(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    """Whether the first number of an image's tag changes; a tag without a number counts as changed."""
    tags = (split_image(str(image))[1] for image in (change.before, change.after))
    majors = [re.search(r"\d+", tag) for tag in tags]
    return majors[0] is None or majors[1] is None or majors[0][0] != majors[1][0]


def _stateful_major(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    return bool(claim_names(before)) and _other_major(change, before, after)


def _opens(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    """Whether a Service type only adds access: each type includes the previous one."""
    types = ("ClusterIP", "NodePort", "LoadBalancer")
    old, new = change.before or types[0], change.after or types[0]
    return old in types and new in types and types.index(old) < types.index(new)


def _strict(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    return "STRICT" in str(change.after)


def _same_number(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    try:
        return amount(str(change.before)) == amount(str(change.after))
    except ValueError:
        return False


WORKLOADS = "StatefulSet|Deployment|DaemonSet"
SHARED_TABLE = (
    Rule(".*", "metadata/annotations(/.*)?", Risk.NO_OP, "", when=lambda change, *_: (
        "deploymentMode" not in change.path and "deploymentMode" not in str(change.after)
    )),
    Rule("InferenceService", "metadata/annotations.*", Risk.DOWNTIME,
         "another deployment mode makes the service anew"),
    Rule("Namespace", "metadata/labels/(pod-security|istio).*", Risk.RELOAD,
         "pods that start from now on are admitted by other rules"),
    Rule(".*", "metadata/labels(/.*)?", Risk.NO_OP, ""),
    Rule(".*", ".*(resources|storage)/.*", Risk.NO_OP, "the same amount, written otherwise",
         when=_same_number),
)  # fmt: skip
STORAGE_TABLE = (
    Rule("StatefulSet", "spec/volumeClaimTemplates/[^/]+/spec/resources/requests/storage",
         Risk.DATA_LOSS, "a volume can't shrink", COPY, _shrinks),
    Rule("StatefulSet", "spec/volumeClaimTemplates/[^/]+/spec/resources/requests/storage",
         Risk.DOWNTIME, "the size in a volume-claim template never changes in place", EXPAND),
    Rule("StatefulSet", "spec/volumeClaimTemplates/[^/]+", Risk.DOWNTIME,
         "volume-claim templates never change in place", ORPHAN, _whole_claim),
    Rule("StatefulSet", "spec/volumeClaimTemplates", Risk.DOWNTIME,
         "volume-claim templates never change in place", ORPHAN, _whole_claim),
    Rule("StatefulSet", "spec/volumeClaimTemplates/[^/]+/metadata/.*", Risk.DOWNTIME,
         "volume-claim templates never change in place", ORPHAN),
    Rule("StatefulSet", "spec/volumeClaimTemplates.*", Risk.DATA_LOSS,
         "the server would start on other, empty volumes", COPY),
    Rule("StatefulSet", "spec/persistentVolumeClaimRetentionPolicy.*", Risk.DATA_LOSS,
         "volumes will be deleted with their pods", when=_deletes),
    Rule("StatefulSet", "spec/persistentVolumeClaimRetentionPolicy.*", Risk.NO_OP, ""),
    Rule("StatefulSet", "spec/replicas", Risk.DOWNTIME, "nothing runs any more", when=_to_zero),
    Rule("StatefulSet", "spec/replicas", Risk.DATA_LOSS,
         "what only the volumes of the last servers hold is out of reach", COPY,
         _fewer_with_volumes),
    Rule("StatefulSet", "spec/template/.*", Risk.DATA_LOSS,
         "the server would look for its data elsewhere", COPY, moves_data),
    Rule(".*", "spec/.*/persistentVolumeClaim(/claimName)?", Risk.DATA_LOSS,
         "the pod would see another volume", COPY, lambda change, *_: change.before is not None),
    Rule(".*", "spec/.*/volumes(/[^/]+)?", Risk.DATA_LOSS,
         "the pod would no longer see its volume", COPY, lambda change, *_: loses_claim(change)),
    Rule("PersistentVolumeClaim", "spec/resources/requests/storage", Risk.DATA_LOSS,
         "a volume can't shrink", COPY, _shrinks),
    Rule("PersistentVolumeClaim", "spec/resources/requests/storage", Risk.RELOAD,
         "the volume grows, where its storage class allows expansion"),
    Rule("PersistentVolumeClaim", "spec(/.*)?", Risk.DATA_LOSS,
         "a claim never changes in place: it would have to be deleted", COPY),
    Rule("Cluster", "spec/(storage|walStorage)/size", Risk.DATA_LOSS, "a volume can't shrink", COPY,
         _shrinks),
    Rule("Cluster", "spec/(storage|walStorage)/size", Risk.RELOAD,
         "the operator grows the volumes, where their storage class allows expansion"),
    Rule("Cluster", "spec/(storage|walStorage)(/.*)?", Risk.DOWNTIME,
         "only new instances get other volumes: each has to be made anew"),
    Rule("Database", "spec/databaseReclaimPolicy", Risk.DATA_LOSS,
         "the database will be dropped with its object", when=lambda change, *_: (
             change.after == "delete")),
    Rule("CephObjectStore|CephBlockPool|CephFilesystem", "spec/(.*[pP]ools?|replicated|erasureCoded)(/.*)?",
         Risk.DATA_LOSS, "a pool's layout says where the objects are", COPY),
    Rule("ObjectBucketClaim", "spec(/.*)?", Risk.DATA_LOSS, "it would name another bucket", COPY),
    Rule("CephObjectStore", "spec/preservePoolsOnDelete", Risk.DATA_LOSS,
         "the pools will be deleted with the store", when=lambda change, *_: not change.after),
    Rule("CustomResourceDefinition", "spec/versions.*", Risk.DATA_LOSS,
         "objects of a version that is gone can't be read",
         when=lambda change, *_: change.after is None),
)  # fmt: skip
WORKLOAD_TABLE = (
    Rule("StatefulSet", "spec/(serviceName|podManagementPolicy|selector)(/.*)?", Risk.DOWNTIME,
         "the field never changes in place", ORPHAN),
    Rule("Deployment|DaemonSet", "spec/selector(/.*)?", Risk.DOWNTIME,
         "a selector never changes in place: the workload must be deleted and made anew",
         "kubectl delete {object}, then apply"),
    Rule("Deployment", "spec/replicas", Risk.DOWNTIME, "nothing runs any more", when=_to_zero),
    Rule("Deployment|StatefulSet", "spec/replicas", Risk.RELOAD, "pods come or go, none restarts"),
    Rule("StatefulSet", "spec/template/spec/containers/[^/]+/image", Risk.DOWNTIME,
         "another major version may refuse the data of this one: read its upgrade notes",
         when=_stateful_major),
    Rule("Deployment", "spec/template/.*", Risk.DOWNTIME,
         "the strategy is Recreate: the old pods stop before the new ones start", when=_recreated),
    Rule("StatefulSet", "spec/template/.*", Risk.DOWNTIME, "its only pod restarts", when=_single),
    Rule(WORKLOADS, "spec/template/.*", Risk.RESTART, "the pods are replaced one after the other"),
    Rule(WORKLOADS, "spec/(strategy|updateStrategy|minReadySeconds|revisionHistoryLimit|"
         "progressDeadlineSeconds)(/.*)?", Risk.NO_OP, ""),
    Rule("Job", ".*", Risk.RELOAD, "it runs again"),
    Rule("CronJob", "spec/.*", Risk.RELOAD, "its next run is the first that sees it"),
    Rule("InferenceService", "spec/.*/(minReplicas|maxReplicas|canaryTrafficPercent|scaleTarget|"
         "scaleMetric|containerConcurrency)", Risk.RELOAD, "the autoscaler or the route changes"),
    Rule("InferenceService", "spec(/.*)?", Risk.RESTART, "a new revision takes over"),
    Rule("Cluster", "spec/imageName", Risk.DOWNTIME,
         "another major version needs an upgrade of the data directory", when=_other_major),
    Rule("Cluster", "spec/instances", Risk.RELOAD, "replicas come or go"),
    Rule("Cluster", "spec/bootstrap(/.*)?", Risk.NO_OP, "it is read once, when the cluster is made"),
    Rule("Cluster", "spec(/.*)?", Risk.DOWNTIME, "its only instance restarts", when=_single),
)  # fmt: skip
OTHER_TABLE = (
    Rule("Service", "spec/type", Risk.RELOAD, "it is reached from more places", when=_opens),
    Rule("Service", "spec/type", Risk.DOWNTIME, "who came from outside is turned away"),
    Rule("Service", "spec/(clusterIP|clusterIPs)", Risk.DOWNTIME,
         "the field never changes in place: the Service must be deleted and made anew",
         "kubectl delete {object}, then apply"),
    Rule("Service", "spec/(selector|ports)(/.*)?", Risk.DOWNTIME,
         "clients lose the way until they know the new one"),
    Rule("(Cluster)?RoleBinding", "roleRef(/.*)?", Risk.DOWNTIME,
         "a role reference never changes in place", "kubectl delete {object}, then apply"),
    Rule("PeerAuthentication", "spec(/.*)?", Risk.DOWNTIME,
         "clients without a sidecar are turned away", when=_strict),
    Rule("ExternalSecret|SealedSecret", "spec/target/name", Risk.DOWNTIME,
         "pods know the Secret by its old name"),
    Rule("PodDisruptionBudget|HorizontalPodAutoscaler|PriorityClass", ".*", Risk.NO_OP, ""),
    Rule("ConfigMap|Secret|ServiceAccount|NetworkPolicy|Namespace|Service", ".*", Risk.RELOAD, ""),
    Rule("(Cluster)?Role(Binding)?", ".*", Risk.RELOAD, ""),
    Rule("VirtualService|DestinationRule|Gateway|ServiceEntry|Sidecar|EnvoyFilter|HTTPRoute|"
         "PeerAuthentication|RequestAuthentication|AuthorizationPolicy|Telemetry", ".*",
         Risk.RELOAD, "the mesh takes it over at once"),
    Rule("ExternalSecret|SecretStore|Password|SealedSecret|ServiceMonitor|PodMonitor|PrometheusRule",
         ".*", Risk.RELOAD, "its controller takes it over"),
    Rule("CustomResourceDefinition", ".*", Risk.RELOAD, ""),
    Rule(".*", ".*", Risk.RESTART, "its controller decides what follows"),
)  # fmt: skip

TABLE: tuple[Rule, ...] = (*SHARED_TABLE, *STORAGE_TABLE, *WORKLOAD_TABLE, *OTHER_TABLE)
