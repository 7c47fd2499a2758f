"""The kinds of Rook's API, by its release 1.20."""

from __future__ import annotations

from compiler.model import COPY, CustomResource, Effect, FieldChange, Manifest, Risk

API = "ceph.rook.io/v1"


def _no_longer(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    return not change.after


STORE = CustomResource(
    api=API,
    kind="CephObjectStore",
    ready="jsonpath={.status.phase}=Ready",
    replicas="instances",
    holds_data=True,
    never_pruned=True,
    effects=(
        Effect("spec/(.*[pP]ools?|replicated|erasureCoded)(/.*)?", Risk.DATA_LOSS,
               "a pool's layout says where the objects are", COPY),
        Effect("spec/preservePoolsOnDelete", Risk.DATA_LOSS,
               "the pools will be deleted with the store", when=_no_longer),
        Effect("spec/gateway/(port|securePort)", Risk.DOWNTIME,
               "the old address answers no more, and clients have the new one when their pods restart"),
    ),
)  # fmt: skip
USER = CustomResource(
    api=API,
    kind="CephObjectStoreUser",
    ready="jsonpath={.status.phase}=Ready",
    secret_keys=("accessKeyRef",),
)
CLAIM = CustomResource(
    api="objectbucket.io/v1alpha1",
    kind="ObjectBucketClaim",
    ready="jsonpath={.status.phase}=Bound",
    holds_data=True,
    never_pruned=True,
    # Rook 1.20 puts a changed `additionalConfig` onto the bucket (pkg/operator/ceph/object/bucket).
    effects=(
        Effect("spec/(bucketName|storageClassName)", Risk.DATA_LOSS, "it would name another bucket",
               COPY),
        Effect("spec/additionalConfig(/.*)?", Risk.RELOAD, "Rook puts the policy onto the bucket"),
    ),
)  # fmt: skip
