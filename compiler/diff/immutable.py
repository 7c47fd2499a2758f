"""Fields that a cluster refuses to change: whoever wants them otherwise must make the object anew.

Facts are of the validation in Kubernetes 1.36 and of the transition rules in the operators' own
definitions; the live tests ask a real API server whether it refuses these, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from compiler.diff import FieldChange
from compiler.diff.storage import shrinks

Field = tuple[str, str, Callable[[FieldChange], bool]]  # kinds, path, and when


def _always(change: FieldChange) -> bool:
    return True


# What may change of a StatefulSet.
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
    """Whether a field of an object that exists can't become what it shall be."""
    return any(
        re.fullmatch(kinds, kind) and re.fullmatch(path, change.path) and when(change)
        for kinds, path, when in IMMUTABLE
    )
