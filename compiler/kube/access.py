"""Build access to the Kubernetes API: a Role, and the RoleBinding that gives it to a ServiceAccount."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compiler.model.manifest import Manifest
from compiler.model.resource import Resource

GROUP = "rbac.authorization.k8s.io"


def role(
    name: str,
    namespace: str,
    rules: Sequence[Manifest],
    *,
    account: tuple[str, str] | None = None,
) -> Iterator[Resource]:
    """A Role, and its binding to a ServiceAccount; by default, name and namespace are the Role's."""
    yield Resource(
        {
            "apiVersion": f"{GROUP}/v1",
            "kind": "Role",
            "metadata": {"name": name, "namespace": namespace},
            "rules": list(rules),
        }
    )
    yield _binding(name, namespace, "Role", name, account or (name, namespace))


def cluster_role_in(role: str, namespace: str, account: str, account_namespace: str) -> Resource:
    """The rights of a ClusterRole in one namespace, for a ServiceAccount of any namespace."""
    return _binding(account, namespace, "ClusterRole", role, (account, account_namespace))


def _binding(name: str, namespace: str, kind: str, role: str, account: tuple[str, str]) -> Resource:
    return Resource(
        {
            "apiVersion": f"{GROUP}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": name, "namespace": namespace},
            "roleRef": {"apiGroup": GROUP, "kind": kind, "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": account[0], "namespace": account[1]}],
        }
    )
