"""List the effects of changing fields of Kubernetes' own kinds.

For other kinds, the components that write them have such a table (`CustomResource.effects`). Facts
about immutable fields are of apps/v1 StatefulSetSpec and DeploymentSpec, core/v1
PersistentVolumeClaimSpec and ServiceSpec, rbac/v1 roleRef, v1.34. If in doubt, a rule chooses the
higher risk: a reader can ignore a warning, but not undo a loss.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from compiler.diff.storage import loses_claim, moves_data
from compiler.diff.takeover import takes_over
from compiler.interfaces.istio import NAMESPACE_LABELS
from compiler.model.effects import (
    COPY,
    Effect,
    FieldChange,
    Risk,
    When,
    always,
    same_amount,
    shrinks,
)  # fmt: skip
from compiler.model.manifest import Manifest
from compiler.model.volume_claims import claim_names, deletes_volumes, template_names, volume_claims

Rule = tuple[str, Effect]  # kinds, as a regular expression, and the effect of a change

ORPHAN = (
    "kubectl delete {object} --cascade=orphan, then apply: the pods and volumes stay, and are "
    "taken over"
)
# What a new StatefulSet does not take over blocks the names of its own pods.
WITH_PODS = (
    "kubectl delete {object} --cascade=foreground --wait, which ends when its pods are gone, then "
    "apply: the volumes stay, and new pods use them"
)
KEEP = "set its persistentVolumeClaimRetentionPolicy to Retain first, and apply that"
EXPAND = (
    "set the new size on each PersistentVolumeClaim (the storage class must allow expansion), then "
)


def rule(
    kinds: str, path: str, risk: Risk, reason: str = "", remedy: str = "", when: When = always
) -> Rule:
    return kinds, Effect(path, risk, reason, remedy, when)


def _adds_claim(change: FieldChange, before: Manifest, after: Manifest) -> bool:
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


def _keeps_volumes(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    """Whether the pods keep their volumes: the claims of a template are now adopted claims."""
    return not template_names(after) and volume_claims(before) <= volume_claims(after)


def _single(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    return min(int(manifest["spec"].get("replicas", 1)) for manifest in (before, after)) <= 1


def _recreated(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    strategy: object = after["spec"].get("strategy", {}).get("type")
    return strategy == "Recreate"


def _opens(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    """Whether a Service type only adds access: each type includes the previous one."""
    types = ("ClusterIP", "NodePort", "LoadBalancer")
    old, new = change.before or types[0], change.after or types[0]
    return old in types and new in types and types.index(old) < types.index(new)


def _keeps_ports(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    """Whether a Service still has all of its ports as they were."""
    old, new = (manifest["spec"].get("ports") or () for manifest in (before, after))
    return all(port in new for port in old)


def _loses_a_host(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    """Whether an Ingress no longer answers a host; a rule without a host answers all of them."""
    old, new = (
        {rule.get("host", "") for rule in manifest["spec"].get("rules", ())}
        for manifest in (before, after)
    )
    return "" not in new and not old <= new


def _anew(path: str, reason: str, preparation: str = "", when: When = always) -> tuple[Rule, ...]:
    """The rules for a fixed field of a StatefulSet: it is made anew, if possible around its pods."""

    def stays(change: FieldChange, before: Manifest, after: Manifest) -> bool:
        return when(change, before, after) and takes_over(before, after)

    def goes_with_volumes(change: FieldChange, before: Manifest, after: Manifest) -> bool:
        return when(change, before, after) and deletes_volumes(before)

    return (
        rule("StatefulSet", path, Risk.DOWNTIME, reason, preparation + ORPHAN, stays),
        rule("StatefulSet", path, Risk.DATA_LOSS,
             f"{reason}, its pods must go with it, and its volumes are deleted with them", KEEP,
             goes_with_volumes),
        rule("StatefulSet", path, Risk.DOWNTIME,
             f"{reason}, and its pods must go with it", preparation + WITH_PODS, when),
    )  # fmt: skip


WORKLOADS = "StatefulSet|Deployment|DaemonSet"
_TEMPLATES = "volume-claim templates never change in place"
# For every kind, before its component's table.
_VOLUME_TABLE = (
    rule(".*", ".*(resources|storage)/.*", Risk.NO_OP, "the same amount, written otherwise",
         when=same_amount),
    rule(".*", "spec/.*/persistentVolumeClaim(/claimName)?", Risk.DATA_LOSS,
         "the pod would see another volume", COPY, lambda change, *_: change.before is not None),
    rule(".*", "spec/.*/volumes(/[^/]+)?", Risk.DATA_LOSS,
         "the pod would no longer see its volume", COPY, lambda change, *_: loses_claim(change)),
)  # fmt: skip
# For every kind, after its component's table.
_METADATA_TABLE = (
    rule("Namespace", f"metadata/labels/(pod-security|{NAMESPACE_LABELS}).*", Risk.RELOAD,
         "pods that start from now on are admitted by other rules"),
    rule(".*", "metadata/(annotations|labels)(/.*)?", Risk.NO_OP),
)  # fmt: skip
STORAGE_TABLE = (
    rule("StatefulSet", "spec/volumeClaimTemplates/[^/]+/spec/resources/requests/storage",
         Risk.DATA_LOSS, "a volume can't shrink", COPY, shrinks),
    *_anew("spec/volumeClaimTemplates/[^/]+/spec/resources/requests/storage",
           "the size in a volume-claim template never changes in place", EXPAND),
    *_anew("spec/volumeClaimTemplates(/[^/]+)?", _TEMPLATES, when=_adds_claim),
    *_anew("spec/volumeClaimTemplates/[^/]+/metadata/.*", _TEMPLATES),
    *_anew("spec/volumeClaimTemplates.*", _TEMPLATES, when=_keeps_volumes),
    rule("StatefulSet", "spec/volumeClaimTemplates.*", Risk.DATA_LOSS,
         "the server would start on other, empty volumes", COPY),
    rule("StatefulSet", "spec/persistentVolumeClaimRetentionPolicy.*", Risk.DATA_LOSS,
         "volumes will be deleted with their pods", when=_deletes),
    rule("StatefulSet", "spec/persistentVolumeClaimRetentionPolicy.*", Risk.NO_OP, ""),
    rule("StatefulSet", "spec/replicas", Risk.DOWNTIME, "nothing runs any more", when=_to_zero),
    rule("StatefulSet", "spec/replicas", Risk.DATA_LOSS,
         "data that is only on the volumes of the last servers is out of reach", COPY,
         _fewer_with_volumes),
    rule("StatefulSet", "spec/template/.*", Risk.DATA_LOSS,
         "the server would look for its data elsewhere", COPY, moves_data),
    rule("PersistentVolumeClaim", "spec/resources/requests/storage", Risk.DATA_LOSS,
         "a volume can't shrink", COPY, shrinks),
    rule("PersistentVolumeClaim", "spec/resources/requests/storage", Risk.RELOAD,
         "the volume grows, where its storage class allows expansion"),
    rule("PersistentVolumeClaim", "spec(/.*)?", Risk.DATA_LOSS,
         "a claim never changes in place: it would have to be deleted", COPY),
    rule("CustomResourceDefinition", "spec/versions.*", Risk.DATA_LOSS,
         "objects of a removed version can't be read",
         when=lambda change, *_: change.after is None),
)  # fmt: skip
WORKLOAD_TABLE = (
    *_anew("spec/(serviceName|podManagementPolicy|selector)(/.*)?", "the field never changes in place"),
    rule("Deployment|DaemonSet", "spec/selector(/.*)?", Risk.DOWNTIME,
         "a selector never changes in place: the workload must be deleted and made anew",
         "kubectl delete {object}, then apply"),
    rule("Deployment", "spec/replicas", Risk.DOWNTIME, "nothing runs any more", when=_to_zero),
    rule("Deployment|StatefulSet", "spec/replicas", Risk.RELOAD, "pods come or go, none restarts"),
    rule("Deployment", "spec/template/.*", Risk.DOWNTIME,
         "the strategy is Recreate: the old pods stop before the new ones start", when=_recreated),
    rule("StatefulSet", "spec/template/.*", Risk.DOWNTIME, "its only pod restarts", when=_single),
    rule(WORKLOADS, "spec/template/.*", Risk.RESTART, "the pods are replaced one after the other"),
    rule(WORKLOADS, "spec/(strategy|updateStrategy|minReadySeconds|revisionHistoryLimit|"
         "progressDeadlineSeconds)(/.*)?", Risk.NO_OP, ""),
    rule("Job", ".*", Risk.RELOAD, "it runs again"),
    rule("CronJob", "spec/.*", Risk.RELOAD, "its next run is the first that sees it"),
)  # fmt: skip
GENERAL_TABLE = (
    rule("Service", "spec/type", Risk.RELOAD, "it is reached from more places", when=_opens),
    rule("Service", "spec/type", Risk.DOWNTIME, "clients from outside are refused"),
    rule("Service", "spec/(clusterIP|clusterIPs)", Risk.DOWNTIME,
         "the field never changes in place: the Service must be deleted and made anew",
         "kubectl delete {object}, then apply"),
    rule("Service", "spec/ports(/.*)?", Risk.RELOAD, "it has one port more", when=_keeps_ports),
    rule("Service", "spec/(selector|ports)(/.*)?", Risk.DOWNTIME,
         "clients lose the way until they know the new one"),
    rule("Ingress", "spec/rules(/.*)?", Risk.DOWNTIME,
         "the old address is answered no more: people and clients need the new one",
         when=_loses_a_host),
    rule("Ingress", ".*", Risk.RELOAD, "its controller takes it over at once"),
    rule("(Cluster)?RoleBinding", "roleRef(/.*)?", Risk.DOWNTIME,
         "a role reference never changes in place", "kubectl delete {object}, then apply"),
    rule("PodDisruptionBudget|HorizontalPodAutoscaler|PriorityClass", ".*", Risk.NO_OP, ""),
    rule("ConfigMap|Secret|ServiceAccount|NetworkPolicy|Namespace|Service", ".*", Risk.RELOAD, ""),
    rule("(Cluster)?Role(Binding)?", ".*", Risk.RELOAD, ""),
    rule("CustomResourceDefinition", ".*", Risk.RELOAD, ""),
    rule(".*", ".*", Risk.RESTART, "the effect depends on its controller"),
)  # fmt: skip

TABLE: tuple[Rule, ...] = (
    *_METADATA_TABLE, *STORAGE_TABLE, *WORKLOAD_TABLE, *GENERAL_TABLE,
)  # fmt: skip


def effects(kind: str, custom: tuple[Effect, ...]) -> Iterator[Effect]:
    """The effects of changing a kind's fields, in order of precedence; `custom` is the component's
    kind.
    """
    yield from (effect for kinds, effect in _VOLUME_TABLE if re.fullmatch(kinds, kind))
    yield from custom
    yield from (effect for kinds, effect in TABLE if re.fullmatch(kinds, kind))
