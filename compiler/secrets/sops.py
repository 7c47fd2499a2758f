"""Encrypt the Secrets of the provider `sops` for the keys in the repository's `.sops.yaml`.

Only the values are encrypted, so reviewers see which Secrets and keys exist. Flux and Argo CD
plugins decrypt them; by hand, `sops decrypt FILE | kubectl apply -f -` does.
"""

from __future__ import annotations

from pathlib import Path

from compiler.delivery.credentials import SOPS_FILE
from compiler.files import real
from compiler.secrets.ciphertext import Cipher, encrypted


def cipher() -> Cipher:
    """sops, which selects its keys by the path of the file."""

    def encrypt(text: str, path: Path) -> str:
        command = [
            "sops", "encrypt", "--input-type", "yaml", "--output-type", "yaml",
            "--encrypted-regex", "^(data|stringData)$", "--filename-override", str(real(path)),
        ]  # fmt: skip
        return encrypted(command, text, path)

    return Cipher(SOPS_FILE, ("stringData",), encrypt)
