"""List the API rights of each server and of runs.

They are upstream's, without rights for version 1 pipelines and other back ends, and with Secrets by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from compiler import model

READ = ("get", "list", "watch")
WRITE = ("create", "delete", "get", "list", "patch", "update", "watch")


def of(role: str, secrets: Sequence[str] = ()) -> list[model.Manifest]:
    """The rules of one server's Role, or of `runs`."""
    rules = [_rule(*rule) for rule in _RULES[role]]
    if secrets:
        rules.append({**_rule("", ["secrets"], ["get"]), "resourceNames": list(secrets)})
    return rules


def _rule(group: str, resources: Sequence[str], verbs: Sequence[str]) -> model.Manifest:
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}


_RULES: dict[str, list[tuple[str, Sequence[str], Sequence[str]]]] = {
    "api": [
        ("", ["configmaps"], READ),
        ("", ["pods"], ["delete", "get", "list"]),
        ("", ["pods/log"], ["get"]),
        ("argoproj.io", ["workflows"], WRITE),
        ("kubeflow.org", ["scheduledworkflows"], WRITE),
        # Runs are owned by their schedules; an API server may demand this right for that.
        ("kubeflow.org", ["scheduledworkflows/finalizers"], ["update"]),
    ],
    "agent": [
        ("argoproj.io", ["workflows"], READ),
        ("kubeflow.org", ["scheduledworkflows"], READ),
        ("pipelines.kubeflow.org", ["scheduledworkflows", "workflows"], ["report"]),
        ("pipelines.kubeflow.org", ["runs"], ["readArtifact", "reportMetrics"]),
    ],
    "schedules": [
        ("", ["events"], ["create", "patch"]),
        ("argoproj.io", ["workflows"], WRITE),
        ("kubeflow.org", ["scheduledworkflows", "scheduledworkflows/finalizers"], WRITE),
        ("pipelines.kubeflow.org", ["pipelines"], ["get"]),
        ("pipelines.kubeflow.org", ["runs"], ["create"]),
    ],
    "ui": [
        ("", ["events", "pods"], ["get", "list"]),
        ("", ["pods/log"], ["get"]),
        ("argoproj.io", ["workflows"], ["get", "list"]),
    ],
    "runs": [
        ("", ["configmaps"], READ),
        ("", ["persistentvolumeclaims"], ["create", "delete", "get", "list"]),
        ("", ["pods"], READ),
        ("argoproj.io", ["workflows"], READ),
        ("argoproj.io", ["workflowtaskresults"], ["create", "patch"]),
    ],
}


def reviews(me: model.Instance[Any], account: str) -> Iterator[model.Resource]:
    """Cluster-wide rights to check a token and its permissions."""
    name = f"{me.name}-{me.namespace}-reviews"
    group = "rbac.authorization.k8s.io"
    rules = [
        _rule("authentication.k8s.io", ["tokenreviews"], ["create"]),
        _rule("authorization.k8s.io", ["subjectaccessreviews"], ["create"]),
    ]
    metadata = {"name": name}
    yield model.Resource(
        {"apiVersion": f"{group}/v1", "kind": "ClusterRole", "metadata": metadata, "rules": rules}
    )
    yield model.Resource(
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": me.namespace}],
        }
    )
