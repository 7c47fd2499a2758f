"""List the fields that the API server refuses to change, so that the object must be recreated.

The table has Kubernetes' own kinds, by the validation of Kubernetes 1.36. For the kinds of operators,
components list the fields (`CustomResource.immutable`), by the transition rules in the CRDs. The live tests
check with a real API server that it refuses exactly these fields. A webhook that runs in the cluster alone
refuses others (`CustomResource.webhook_refuses`).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from compiler.model.custom_resource import CustomResource
from compiler.model.effects import FieldChange, shrinks
from compiler.model.manifest import Manifest

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
)


def refused_by_webhook(
    change: FieldChange, custom: CustomResource | None, before: Manifest, after: Manifest
) -> bool:
    """Whether the webhook of an operator refuses to change this field of an existing object."""
    return custom is not None and any(
        re.fullmatch(path, change.path, re.DOTALL) and when(change, before, after)
        for path, when in custom.webhook_refuses
    )


def refused(kind: str, change: FieldChange, custom: CustomResource | None = None) -> bool:
    """Whether the API server refuses to change this field of an existing object."""
    if custom is not None:
        return any(re.fullmatch(path, change.path, re.DOTALL) for path in custom.immutable)
    return any(
        re.fullmatch(kinds, kind) and re.fullmatch(path, change.path, re.DOTALL) and when(change)
        for kinds, path, when in IMMUTABLE
    )
