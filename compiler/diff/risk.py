"""Judge changes of objects by the table in rules.py, and by the tables of components."""

from __future__ import annotations

from compiler.diff import versions
from compiler.diff.rules import effects
from compiler.model.effects import COPY, FieldChange, Judgement, Risk
from compiler.model.resource import Resource
from compiler.model.volume_claims import claim_names

# Kubernetes' own kinds whose deletion deletes data.
_HOLDERS = ("PersistentVolumeClaim", "PersistentVolume", "Namespace", "CustomResourceDefinition",
            "Secret")  # fmt: skip
_FORGOTTEN = ("Job", "ConfigMap", "PodDisruptionBudget", "HorizontalPodAutoscaler",
              "ServiceAccount", "PriorityClass")  # fmt: skip
_RULES = ("NetworkPolicy", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")


def of_field(change: FieldChange, before: Resource, after: Resource) -> Judgement:
    """The judgement of the first effect that fits a field."""
    custom = before.custom.effects if before.custom else after.effects
    judgements = (
        effect.judge(change, before.manifest, after.manifest)
        for effect in effects(before.kind, custom)
    )
    usual = next(judgement for judgement in judgements if judgement is not None)
    step = versions.judge(change, before.manifest, after.manifest)
    return step if step is not None and step.risk >= usual.risk else usual


def holds_data(resource: Resource) -> bool:
    """Whether deleting an object can delete data, or leave it unused."""
    if resource.custom is not None:
        return resource.custom.holds_data
    return resource.kind in _HOLDERS or bool(claim_names(resource.manifest))


def of_removal(resource: Resource) -> Judgement:
    if resource.custom is not None and resource.custom.removal is not None:
        return resource.custom.removal
    if holds_data(resource):
        return Judgement(Risk.DATA_LOSS, "its data is lost, or left unused", COPY)
    if resource.kind in _FORGOTTEN:
        return Judgement(Risk.NO_OP)
    if _applies_at_once(resource):
        return Judgement(Risk.RELOAD)
    return Judgement(Risk.DOWNTIME, "it serves or runs no more")


def of_addition(resource: Resource) -> Judgement:
    """The judgement of a new object: only rules, such as network policies, affect running pods."""
    if resource.canary is not None:
        return Judgement(
            Risk.NO_OP, "no version before it takes the rest: the canary gets all requests"
        )
    return Judgement(Risk.RELOAD if _applies_at_once(resource) else Risk.NO_OP)


def _applies_at_once(resource: Resource) -> bool:
    """Whether an object affects running pods at once, such as a network policy."""
    return resource.custom.is_rule if resource.custom else resource.kind in _RULES
