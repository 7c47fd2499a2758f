"""Ciphertext by the real programs, opened again with the private key: `sops` with age, `kubeseal`."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.command_line import run
from support.paths import TOOLS
from support.programs import tool
from test_secrets import ALPHABETS, with_provider, written

from compiler.model.credential import Credential, Random

pytestmark = pytest.mark.live


def out_of(*command: object, standard_input: str = "", **environment: str) -> str:
    process = subprocess.run(
        [str(argument) for argument in command],
        input=standard_input,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    return process.stdout


@pytest.fixture(autouse=True)
def real_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sops", "kubeseal", "age-keygen", "openssl"):
        tool(name)
    monkeypatch.setenv("PATH", f"{TOOLS}{os.pathsep}{os.environ['PATH']}")


def generated(spec: Path, environment: str = "default") -> dict[str, str]:
    """The files of a run, which must leave those of the run before as they are."""
    assert run("secrets", "generate", environment, "-f", spec).exit_code == 0
    folder = spec.parent / "secrets" / environment
    files = {path.name: path.read_text() for path in folder.iterdir()}
    assert run("secrets", "generate", environment, "-f", spec).exit_code == 0
    assert {path.name: path.read_text() for path in folder.iterdir()} == files
    return files


def check(credential: Credential, copies: list[dict[str, Any]]) -> None:
    """Every copy of a Secret has the same values, each in its alphabet."""
    assert [copy["metadata"]["namespace"] for copy in copies] == list(credential.namespaces)
    values = [copy["stringData"] for copy in copies]
    assert all(value == values[0] for value in values)
    assert set(values[0]) == set(credential.keys)
    for key, kind in credential.keys.items():
        alphabet = ALPHABETS[kind] if isinstance(kind, Random) else re.escape(kind)
        assert re.fullmatch(alphabet, values[0][key])


def test_sops_encrypts_what_its_key_opens(tmp_path: Path) -> None:
    private = tmp_path / "key.txt"
    out_of("age-keygen", "-o", private)
    recipient = out_of("age-keygen", "-y", private).strip()
    rules = {"creation_rules": [{"path_regex": "secrets/", "age": recipient}]}
    (tmp_path / ".sops.yaml").write_text(yaml.safe_dump(rules))
    files = generated(written(tmp_path, "sops"))
    folder = tmp_path / "secrets" / "default"
    for credential in with_provider("sops").credentials:
        copies = []
        for namespace in credential.namespaces:
            path = folder / f"secret-{namespace}-{credential.name}.sops.yaml"
            opened = out_of("sops", "decrypt", path, SOPS_AGE_KEY_FILE=str(private))
            copies.append(yaml.load(opened, yaml.CSafeLoader))
        check(credential, copies)
        random_keys = [key for key, kind in credential.keys.items() if isinstance(kind, Random)]
        for key in random_keys:
            assert not any(copies[0]["stringData"][key] in text for text in files.values())


def test_kubeseal_encrypts_what_the_controller_opens(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificates" / "prod.pem"
    certificate.parent.mkdir()
    out_of(
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
        "-subj", "/CN=sealed-secrets", "-keyout", key, "-out", certificate,
    )  # fmt: skip
    spec = written(tmp_path, "sealed-secrets, certificate: certificates/prod.pem")
    files = generated(spec)
    for credential in with_provider("sealed-secrets").credentials:
        opened = [
            out_of(
                "kubeseal", "--recovery-unseal", "--recovery-private-key", key,
                "--format", "yaml", standard_input=files[f"sealedsecret-{namespace}-{credential.name}.yaml"],
            )
            for namespace in credential.namespaces
        ]  # fmt: skip
        check(credential, [_plain(yaml.load(text, yaml.CSafeLoader)) for text in opened])


def _plain(secret: dict[str, Any]) -> dict[str, Any]:
    """kubeseal gives back `data` in base64, as a server holds it."""
    from base64 import b64decode

    return {**secret, "stringData": {k: b64decode(v).decode() for k, v in secret["data"].items()}}
