"""The compiler's own installation, which no tree has a say in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def packaged(path: str | Path) -> bytes:
    """A file of the compiler's own installation, which no tree has a say in."""
    with open(path, "rb") as file:
        return file.read()


def packaged_time(path: str | Path) -> int:
    """When a file of the installation was last written, in nanoseconds."""
    return os.stat(path).st_mtime_ns


def packaged_files(folder: Path, endings: tuple[str, ...]) -> Iterator[tuple[str, bytes, int]]:
    """The compiler's own files: path, content, and when they last changed in any way."""
    for at, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in ("__pycache__", "schemas"))
        for name in sorted(names):
            if name.endswith(endings):
                path = os.path.join(at, name)
                yield os.path.relpath(path, folder), packaged(path), os.stat(path).st_ctime_ns


def packaged_names(folder: str | Path) -> list[str]:
    """What is in a folder of the installation, sorted; nothing where there is no such folder."""
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def is_packaged(path: str | Path) -> bool:
    """Whether the installation has a file or folder."""
    return os.path.exists(path)
