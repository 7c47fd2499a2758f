"""Judge changes of objects by the table in rules.py."""

from __future__ import annotations

import re

from compiler.diff import FieldChange, Judgement, Risk
from compiler.diff.rules import COPY, TABLE
from compiler.diff.storage import claim_names
from compiler.model.resource import Manifest
from compiler.rules.previous.first_canary import canary

# Kinds whose deletion loses data: volumes, objects of operators that hold data, generated credentials.
HOLDERS = (
    "PersistentVolumeClaim|PersistentVolume|Namespace|CustomResourceDefinition|Cluster|Database|"
    "CephCluster|CephObjectStore|CephBlockPool|CephFilesystem|ObjectBucketClaim|ScheduledBackup|"
    "ExternalSecret|SealedSecret|Password|Secret"
)
_FORGOTTEN = (
    "Job|ConfigMap|PodDisruptionBudget|HorizontalPodAutoscaler|ServiceAccount|PriorityClass"
)
_RULES = (
    "NetworkPolicy|(Cluster)?Role(Binding)?|DestinationRule|ServiceEntry|Sidecar|EnvoyFilter|"
    "PeerAuthentication|AuthorizationPolicy|Telemetry|ServiceMonitor|PodMonitor|PrometheusRule"
)


def of_field(change: FieldChange, before: Manifest, after: Manifest) -> Judgement:
    """The judgement of the first rule that matches a field."""
    verdicts = (rule.judge(change, before, after) for rule in TABLE)
    return next(verdict for verdict in verdicts if verdict is not None)


def holds_data(manifest: Manifest) -> bool:
    """Whether deleting an object can delete data, or leave it unused."""
    return bool(re.fullmatch(HOLDERS, manifest["kind"]) or claim_names(manifest))


def of_removal(manifest: Manifest) -> Judgement:
    kind = manifest["kind"]
    if holds_data(manifest):
        return Judgement(
            Risk.DATA_LOSS, "what it holds is lost, or left where nobody reads it", COPY
        )
    if re.fullmatch(_FORGOTTEN, kind):
        return Judgement(Risk.NO_OP)
    if re.fullmatch(_RULES, kind):
        return Judgement(Risk.RELOAD)
    return Judgement(Risk.DOWNTIME, "it serves or runs no more")


def of_addition(manifest: Manifest) -> Judgement:
    """Additions change nothing that runs, except rules that apply to existing objects."""
    if canary(manifest) is not None:
        return Judgement(
            Risk.NO_OP, "no version before it takes the rest: the canary gets all requests"
        )
    applies = re.fullmatch(_RULES, manifest["kind"])
    return Judgement(Risk.RELOAD if applies else Risk.NO_OP)
