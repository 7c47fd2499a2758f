"""A Secret as every provider makes it: the same name, keys, type and labels, whoever it is."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.model.credential import Credential, Random
from compiler.model.resource import Manifest
from compiler.secrets.values import make

MANAGED = {"app.kubernetes.io/managed-by": "platformc"}


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


def marks(credential: Credential) -> Manifest:
    """What a Secret's readers look for beside its keys."""
    made: Manifest = {"labels": dict(sorted({**MANAGED, **credential.labels}.items()))}
    if credential.annotations:
        made["annotations"] = dict(sorted(credential.annotations.items()))
    return made


def new_values(credential: Credential) -> dict[str, str]:
    """A value for each key: random ones anew, fixed ones as they are."""
    return {
        key: make(kind) if isinstance(kind, Random) else kind
        for key, kind in credential.keys.items()
    }
