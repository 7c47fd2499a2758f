"""Secrets that Git may hold: made once, encrypted by a program of its own, written as ciphertext.

A value exists in this process and in the program's standard input, never in an argument, a file or
a message. What is encrypted cannot be read back here, so a Secret whose ciphertext lacks a key or a
copy is made anew as a whole.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml as pyyaml
from msgspec import Struct

from compiler.files import Folder, held
from compiler.kube import yaml
from compiler.model.credential import Credential
from compiler.secrets.folder import Generated, kustomization, place
from compiler.secrets.secret import new_values, secret


class CipherError(Exception):
    """The program is missing, or refused; its own words say why, without what it was given."""


class Cipher(Struct, frozen=True):
    """How ciphertext is named, where its keys stand, and how it is made."""

    file: str  # a pattern of namespace and name
    keys: tuple[str, ...]  # the path to the map of encrypted keys
    encrypt: Callable[[str, Path], str]  # plain text, and the path that it is for


def generate(
    credentials: Iterable[Credential],
    environment: str,
    root: Path,
    cipher: Cipher,
    rotate: Iterable[str] = (),
) -> Generated:
    """Write the ciphertext that is missing; make the Secrets in `rotate` anew."""
    folder, rotate, files = place(environment), set(rotate), list[str]()
    new, kept, rotated = list[str](), list[str](), list[str]()
    with held(root, 0o755) as output:
        output.make(folder)
        for credential in credentials:
            paths = {
                space: f"{folder}/{cipher.file.format(namespace=space, name=credential.name)}"
                for space in credential.namespaces
            }
            files += [path.rpartition("/")[2] for path in paths.values()]
            present = [path for path in paths.values() if output.status(path) is not None]
            whole = all(_complete(output, path, credential, cipher) for path in paths.values())
            if whole and credential.name not in rotate:
                kept.append(credential.name)
                continue
            (rotated if present else new).append(credential.name)
            _write(output, credential, paths, cipher)
        if files:
            text = kustomization(environment, files)
            output.replace(f"{folder}/kustomization.yaml", text.encode(), 0o644)
    return Generated(root / folder, tuple(new), tuple(kept), tuple(rotated))


def _write(output: Folder, credential: Credential, paths: dict[str, str], cipher: Cipher) -> None:
    """All copies are encrypted before the first of them is written."""
    values = new_values(credential)
    texts = {
        path: cipher.encrypt(yaml.dump(secret(credential, space, values)), output.path / path)
        for space, path in paths.items()
    }
    for path, text in texts.items():
        output.replace(path, text.encode(), 0o644)


def _complete(output: Folder, path: str, credential: Credential, cipher: Cipher) -> bool:
    """Whether a file holds every key of a credential, as far as one sees without its values."""
    data = output.read_if_there(path)
    if data is None:
        return False
    try:
        found: Any = pyyaml.safe_load(data)
    except (pyyaml.YAMLError, UnicodeDecodeError):
        return False
    for part in cipher.keys:
        found = found.get(part) if isinstance(found, dict) else None
    return isinstance(found, dict) and set(credential.keys) <= set(found)


def encrypted(command: Sequence[str], text: str, path: Path) -> str:
    """What a program makes of a text; it runs where the file will be, and finds its settings there.

    The command is a fixed list, and the text goes to its standard input.
    """
    try:
        done = subprocess.run(  # noqa: S603  # a fixed list, no shell
            command, input=text, capture_output=True, text=True, check=False, cwd=path.parent
        )
    except FileNotFoundError as error:
        raise CipherError(f"{command[0]} is not on the PATH") from error
    if done.returncode != 0:
        raise CipherError(f"{command[0]} for {path.name}: {_said(done.stderr, text)}")
    return done.stdout


def _said(error: str, text: str) -> str:
    """The last line of a program's complaint, without anything that it was given."""
    lines = [line.strip() for line in error.splitlines() if line.strip()]
    last = lines[-1] if lines else "no reason given"
    given = [word for line in text.splitlines() for word in (line.partition(": ")[2].strip('"'),)]
    for word in given:
        if len(word) >= 8:
            last = last.replace(word, "********")
    return last
