"""Fields that the API server refuses to change: to change them, the object must be recreated.

Facts are from the validation of Kubernetes 1.36 and from the transition rules in the operators'
CRDs; the live tests check with a real API server that it refuses exactly these.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from compiler.diff import FieldChange
from compiler.diff.storage import shrinks

Field = tuple[str, str, Callable[[FieldChange], bool]]  # kinds, path, and condition


def _always(change: FieldChange) -> bool:
    return True


# The only fields of a StatefulSet that may change.
_MUTABLE = (
    "replicas|ordinals|template|updateStrategy|minReadySeconds|revisionHistoryLimit|"
    "persistentVolumeClaimRetentionPolicy"
)
IMMUTABLE: tuple[Field, ...] = (
    ("StatefulSet", rf"spec/(?!({_MUTABLE})(/|$)).*", _always),
    ("Deployment|DaemonSet", "spec/selector(/.*)?", _always),
    ("PersistentVolumeClaim", "spec/resources/requests/storage", shrinks),
    ("PersistentVolumeClaim", "spec/(?!resources/|volumeAttributesClassName).*", _always),
    ("Service", "spec/clusterIPs?", _always),
    ("(Cluster)?RoleBinding", "roleRef(/.*)?", _always),
    ("StorageClass", "provisioner|reclaimPolicy|volumeBindingMode|parameters(/.*)?", _always),
    ("Database", "spec/(name|cluster|encoding|locale|template|icu)[^/]*(/.*)?", _always),
    ("ScheduledBackup|Pooler", "spec/cluster(/.*)?", _always),
)


def refused(kind: str, change: FieldChange) -> bool:
    """Whether the API server refuses to change this field of an existing object."""
    return any(
        re.fullmatch(kinds, kind) and re.fullmatch(path, change.path) and when(change)
        for kinds, path, when in IMMUTABLE
    )
