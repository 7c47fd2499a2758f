"""Encrypt the Secrets of the provider `sealed-secrets` by kubeseal, for one cluster, in strict scope.

Ciphertext is bound to a Secret's name and namespace, so every copy is sealed separately. Only the
controller can decrypt it: a lost value is replaced, not recovered.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from compiler.kube import yaml
from compiler.secrets.ciphertext import Cipher, encrypted


def cipher(certificate: Path | None) -> Cipher:
    """kubeseal, with a certificate from a file or from the cluster."""
    options = ["--cert", str(certificate)] if certificate else []
    command = ["kubeseal", "--scope", "strict", "--format", "json", *options]

    def seal(text: str, path: Path) -> str:
        sealed: Any = json.loads(encrypted(command, text, path))
        return yaml.dump(_without_nulls(sealed))

    return Cipher("sealedsecret-{namespace}-{name}.yaml", ("spec", "encryptedData"), seal)


def _without_nulls(value: Any) -> Any:
    """kubeseal writes `creationTimestamp: null`; the compiled tree holds no nulls."""
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return value
