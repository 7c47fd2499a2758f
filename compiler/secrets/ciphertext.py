"""Write encrypted Secrets for Git: generate them once, and let another program encrypt them.

A value exists only in this process and in the program's standard input, never in an argument, a
file or a message. Ciphertext cannot be decrypted here, so a Secret with a missing key or copy is
generated again as a whole.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from compiler.document.other_files import FileContentError, document
from compiler.files import Folder, open_folder
from compiler.kube import yaml
from compiler.model.credential import Credential
from compiler.secrets.folder import Generated, folder_of, kustomization
from compiler.secrets.secret import new_values, secret


class CipherError(Exception):
    """The program is missing or failed; the message has its error without its input."""


class Cipher(Struct, frozen=True):
    """The names of ciphertext files, the path of their keys, and the encryption."""

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
    """Write the missing ciphertext, and generate the Secrets in `rotate` again."""
    folder, rotate, files = folder_of(environment), set(rotate), list[str]()
    new, existing, rotated = list[str](), list[str](), list[str]()
    with open_folder(root, 0o755) as output:
        output.make(folder)
        for credential in credentials:
            paths = {
                space: f"{folder}/{cipher.file.format(namespace=space, name=credential.name)}"
                for space in credential.namespaces
            }
            files += [path.rpartition("/")[2] for path in paths.values()]
            present = [path for path in paths.values() if output.status(path) is not None]
            complete = all(_complete(output, path, credential, cipher) for path in paths.values())
            if complete and credential.name not in rotate:
                existing.append(credential.name)
                continue
            (rotated if present else new).append(credential.name)
            _write(output, credential, paths, cipher)
        if files:
            text = kustomization(environment, files)
            output.replace(f"{folder}/kustomization.yaml", text.encode(), 0o644)
    return Generated(root / folder, tuple(new), tuple(existing), tuple(rotated))


def _write(output: Folder, credential: Credential, paths: dict[str, str], cipher: Cipher) -> None:
    """Encrypt all copies before writing the first one."""
    values = new_values(credential)
    texts = {
        path: cipher.encrypt(yaml.dump(secret(credential, space, values)), output.path / path)
        for space, path in paths.items()
    }
    for path, text in texts.items():
        output.replace(path, text.encode(), 0o644)


def _complete(output: Folder, path: str, credential: Credential, cipher: Cipher) -> bool:
    """Whether a file holds every key of a credential; its values cannot be read."""
    data = output.read_if_there(path)
    if data is None:
        return False
    try:
        content = document(data)
    except FileContentError:
        return False
    for part in cipher.keys:
        content = content.get(part) if isinstance(content, dict) else None
    return isinstance(content, dict) and set(credential.keys) <= set(content)


def encrypted(command: Sequence[str], text: str, path: Path) -> str:
    """The output of a program for a text. It runs in the folder of the file, where it finds its
    settings.

    The command is a fixed list, and the text goes to its standard input.
    """
    try:
        process = subprocess.run(  # noqa: S603  # a fixed list, no shell
            command, input=text, capture_output=True, text=True, check=False, cwd=path.parent
        )
    except FileNotFoundError as error:
        raise CipherError(f"{command[0]} is not on the PATH") from error
    if process.returncode != 0:
        raise CipherError(f"{command[0]} for {path.name}: {_error_line(process.stderr, text)}")
    return process.stdout


def _error_line(error: str, text: str) -> str:
    """The last line of a program's error output, without any part of its input."""
    lines = [line.strip() for line in error.splitlines() if line.strip()]
    line = lines[-1] if lines else "no reason given"
    values = [word for line in text.splitlines() for word in (line.partition(": ")[2].strip('"'),)]
    for word in values:
        if len(word) >= 8:
            line = line.replace(word, "********")
    return line
