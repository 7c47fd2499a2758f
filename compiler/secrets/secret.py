"""Build a Secret with the name, keys, type and labels that all providers use."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.model.credential import Credential, Random, marks
from compiler.model.manifest import Manifest
from compiler.secrets.values import make


def secret(credential: Credential, namespace: str, values: Mapping[str, str]) -> Manifest:
    """The Secret's manifest. It is never part of the compiled tree."""
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
    """A value for each key: random ones are generated, fixed ones are copied."""
    return {
        key: make(kind) if isinstance(kind, Random) else kind
        for key, kind in credential.keys.items()
    }
