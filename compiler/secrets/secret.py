"""A Secret as every provider makes it: the same name, keys, type and labels, whoever it is."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.model.credential import Credential, Random, marks
from compiler.model.resource import Manifest
from compiler.secrets.values import make


def secret(credential: Credential, namespace: str, values: Mapping[str, str]) -> Manifest:
    """The Secret itself. It never reaches the compiled tree."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": credential.name,
            "namespace": namespace,
            **marks(credential),
        },
        "type": credential.type,
        "stringData": dict(sorted(values.items())),
    }


def new_values(credential: Credential) -> dict[str, str]:
    """A value for each key: random ones anew, fixed ones as they are."""
    return {
        key: make(kind) if isinstance(kind, Random) else kind
        for key, kind in credential.keys.items()
    }
