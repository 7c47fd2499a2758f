"""Build access to the Kubernetes API: a Role, and the RoleBinding that gives it to a ServiceAccount."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compiler.model.resource import Manifest, Resource

GROUP = "rbac.authorization.k8s.io"


def role(
    name: str, namespace: str, rules: Sequence[Manifest], *, step: int = 0,
    account: tuple[str, str] | None = None,
) -> Iterator[Resource]:  # fmt: skip
    """A Role, and its binding to a ServiceAccount; by default, name and namespace are the Role's."""
    account_name, account_namespace = account or (name, namespace)
    metadata = {"name": name, "namespace": namespace}
    yield Resource(
        {"apiVersion": f"{GROUP}/v1", "kind": "Role", "metadata": metadata, "rules": list(rules)},
        step,
    )
    yield Resource(
        {
            "apiVersion": f"{GROUP}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": GROUP, "kind": "Role", "name": name},
            "subjects": [
                {"kind": "ServiceAccount", "name": account_name, "namespace": account_namespace}
            ],
        },
        step,
    )


def cluster_role_in(role: str, namespace: str, account: str, account_namespace: str) -> Resource:
    """The rights of a ClusterRole in one namespace, for a ServiceAccount of any namespace."""
    return Resource(
        {
            "apiVersion": f"{GROUP}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": account, "namespace": namespace},
            "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": role},
            "subjects": [
                {"kind": "ServiceAccount", "name": account, "namespace": account_namespace}
            ],
        }
    )
