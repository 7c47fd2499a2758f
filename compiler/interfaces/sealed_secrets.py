"""Sealed Secrets: the kind of its API, a Secret that only the cluster's controller can decrypt; its release."""

from __future__ import annotations

from compiler.model import CustomResource, Prerequisite

SEALED = CustomResource(
    api="bitnami.com/v1alpha1", kind="SealedSecret", ready="condition=Synced", holds_data=True
)

# A Secret with it may be overwritten by the controller, which owns it from then on.
TO_BE_MANAGED = "sealedsecrets.bitnami.com/managed=true"

_VERSION = "0.36.6"
PREREQUISITE = Prerequisite(
    name="sealed-secrets",
    system="Sealed Secrets",
    version=_VERSION,
    namespaces=("kube-system",),
    how=(
        "kubectl apply --server-side -f https://github.com/bitnami-labs/sealed-secrets/releases/download/"
        f"v{_VERSION}/controller.yaml",
        "kubectl -n kube-system rollout status deployment/sealed-secrets-controller",
    ),
)
