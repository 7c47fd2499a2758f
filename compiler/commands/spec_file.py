"""The bytes of a spec, and why there are none. Imports little: it is on the way of every command."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from compiler.files import MOST_BYTES, given, is_there, owner, sentence

NAME = "platform.yaml"
STDIN = Path("-")


class UnreadableError(Exception):
    """The file can't be read at all: no spec, wrong usage rather than a wrong spec."""


def nearest() -> Path:
    """The platform.yaml of this folder, else of the nearest folder above that has one.

    The search ends with the repository, and where a folder belongs to another user.
    """
    here = Path.cwd()
    user = owner(here)
    for depth, folder in enumerate((here, *here.parents)):
        if owner(folder) != user:
            break
        if is_there(folder / NAME):
            return Path(*[os.pardir] * depth, NAME)
        if is_there(folder / ".git"):
            break
    return Path(NAME)


def read(path: Path) -> bytes:
    """The bytes of a spec. Raises UnreadableError for a directory, a missing or a giant file."""
    if not str(path).isprintable():
        raise UnreadableError(f"{str(path)!r} holds a character that no command line can pass on")
    try:
        if path != STDIN:
            return given(path)
        data = sys.stdin.buffer.read(MOST_BYTES + 1)
    except IsADirectoryError as error:
        message = f"{path} is a directory; give the file, such as {path}/{NAME}"
        raise UnreadableError(message) from error
    except OSError as error:
        hint = "; `platformc init` writes one" if isinstance(error, FileNotFoundError) else ""
        reason = error.strerror or sentence(error)
        raise UnreadableError(f"cannot read {path}: {reason}{hint}") from error
    if len(data) > MOST_BYTES:
        raise UnreadableError(f"{path} is larger than {MOST_BYTES // 2**20} MiB")
    return data
