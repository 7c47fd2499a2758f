"""The bytes of a spec, and why there are none. Imports nothing: it is on the way of every command."""

from __future__ import annotations

from pathlib import Path

MAX_BYTES = 64 * 1024 * 1024


class UnreadableError(Exception):
    """The file can't be read at all: no spec, wrong usage rather than a wrong spec."""


def read(path: Path) -> bytes:
    """The bytes of a spec. Raises UnreadableError for a directory, a missing or a giant file."""
    if path.is_dir():
        raise UnreadableError(f"{path} is a directory; give the file, such as {path}/platform.yaml")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        hint = "; `platformc init` writes one" if isinstance(error, FileNotFoundError) else ""
        raise UnreadableError(f"cannot read {path}: {error.strerror}{hint}") from error
    if len(data) > MAX_BYTES:
        raise UnreadableError(f"{path} is larger than {MAX_BYTES // 2**20} MiB")
    return data
