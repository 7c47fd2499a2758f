"""Read the bytes of a spec. Every command imports this module, so it imports little."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from compiler.files import MOST_BYTES, is_there, owner, read_named, sentence

NAME = "platform.yaml"
STDIN = Path("-")


class UnreadableError(Exception):
    """The file cannot be read: wrong usage, not a mistake in the spec."""


def nearest() -> Path:
    """The platform.yaml of this folder or of the nearest parent folder that has one.

    The search ends at the root of the repository, and at a folder that belongs to another user.
    """
    start = Path.cwd()
    user = owner(start)
    for depth, folder in enumerate((start, *start.parents)):
        if owner(folder) != user:
            break
        if is_there(folder / NAME):
            return Path(*[os.pardir] * depth, NAME)
        if is_there(folder / ".git"):
            break
    return Path(NAME)


def _hint_of_missing(path: Path) -> str:
    """The hint for a spec that is missing; `init` writes specs of one name alone."""
    from shlex import quote  # not needed for a spec that is there

    folder = "" if path.parent == Path() else f" {quote(str(path.parent))}"
    return f"; `platformc init{folder}` writes {'one' if path.name == NAME else f'a {NAME}'}"


def read(path: Path) -> bytes:
    """The bytes of a spec. Raises UnreadableError for a directory, a missing file or a huge file."""
    if not str(path).isprintable():
        raise UnreadableError(f"{str(path)!r} holds a character that no command line can pass on")
    try:
        if path != STDIN:
            return read_named(path)
        data = sys.stdin.buffer.read(MOST_BYTES + 1)
    except IsADirectoryError as error:
        message = f"{path} is a directory; give the file, such as {path}/{NAME}"
        raise UnreadableError(message) from error
    except OSError as error:
        hint = _hint_of_missing(path) if isinstance(error, FileNotFoundError) else ""
        reason = error.strerror or sentence(error)
        raise UnreadableError(f"cannot read {path}: {reason}{hint}") from error
    if len(data) > MOST_BYTES:
        raise UnreadableError(f"{path} is larger than {MOST_BYTES // 2**20} MiB")
    return data
