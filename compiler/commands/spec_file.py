"""The bytes of a spec, and why there are none. Imports little: it is on the way of every command."""

from __future__ import annotations

import os
import sys
from pathlib import Path

MAX_BYTES = 64 * 1024 * 1024
NAME = "platform.yaml"
STDIN = Path("-")


class UnreadableError(Exception):
    """The file can't be read at all: no spec, wrong usage rather than a wrong spec."""


def nearest() -> Path:
    """The platform.yaml of this folder, else of the nearest folder above that has one.

    The search ends with the repository, and where a folder belongs to another user.
    """
    here = Path.cwd()
    owner = here.stat().st_uid
    for depth, folder in enumerate((here, *here.parents)):
        if folder.stat().st_uid != owner:
            break
        if (folder / NAME).exists():
            return Path(*[os.pardir] * depth, NAME)
        if (folder / ".git").exists():
            break
    return Path(NAME)


def read(path: Path) -> bytes:
    """The bytes of a spec. Raises UnreadableError for a directory, a missing or a giant file."""
    if path.is_dir():
        raise UnreadableError(f"{path} is a directory; give the file, such as {path}/{NAME}")
    try:
        if path == STDIN:
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
    except OSError as error:
        hint = "; `platformc init` writes one" if isinstance(error, FileNotFoundError) else ""
        raise UnreadableError(f"cannot read {path}: {error.strerror}{hint}") from error
    if len(data) > MAX_BYTES:
        raise UnreadableError(f"{path} is larger than {MAX_BYTES // 2**20} MiB")
    return data
