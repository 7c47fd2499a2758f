"""The kind of Sealed Secrets' API: a Secret that only the cluster's controller can decrypt."""

from __future__ import annotations

from compiler.model import CustomResource

SEALED = CustomResource(
    api="bitnami.com/v1alpha1", kind="SealedSecret", ready="condition=Synced", holds_data=True
)
