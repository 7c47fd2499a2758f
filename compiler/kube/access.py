"""Access to the Kubernetes API: a Role, and the RoleBinding that gives it to a ServiceAccount."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compiler.model.resource import Manifest, Resource

GROUP = "rbac.authorization.k8s.io"


def role(
    name: str, namespace: str, rules: Sequence[Manifest], *, step: int = 0
) -> Iterator[Resource]:
    """A Role, and its binding to the ServiceAccount of the same name in the same namespace."""
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
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": namespace}],
        },
        step,
    )
