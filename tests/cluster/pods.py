"""Pods of the tests' own, which every namespace of a platform admits."""

from __future__ import annotations

from cluster.node import Manifest

PYTHON = "docker.io/kserve/sklearnserver:v0.20.0"  # an image with boto3 and scikit-learn


def python(
    name: str, script: str, namespace: str = "mlops", *, labels: dict[str, str] | None = None,
    account: str = "default", env: list[Manifest] | None = None,
    secrets: tuple[str, ...] = (), image: str = PYTHON,
) -> Manifest:  # fmt: skip
    """A pod that runs a script once, as `restricted` demands."""
    container: Manifest = {
        "name": "client",
        "image": image,
        "command": ["python", "-c", script],
        "env": env or [],
        "envFrom": [{"secretRef": {"name": secret}} for secret in secrets],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": labels or {},
            # In a mesh, the pod ends when its own container does.
            "annotations": {"sidecar.istio.io/nativeSidecar": "true"},
        },
        "spec": {
            "restartPolicy": "Never",
            "serviceAccountName": account,
            "containers": [container],
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 1000,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
        },
    }
