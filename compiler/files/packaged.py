"""Read files of the compiler's own installation, which no spec or tree can change."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def packaged(path: str | Path) -> bytes:
    """The bytes of a file of the installation."""
    with open(path, "rb") as file:
        return file.read()


def packaged_time(path: str | Path) -> int:
    """When a file of the installation was last written, in nanoseconds."""
    return os.stat(path).st_mtime_ns


def packaged_files(
    folder: str | Path, endings: tuple[str, ...], inside: str = ""
) -> Iterator[tuple[str, int, int]]:
    """The compiler's own files: path, size, and when they last changed in any way, in nanoseconds."""
    with os.scandir(folder) as entries:
        names = sorted(entries, key=lambda entry: entry.name)
    for entry in names:
        path = f"{inside}{entry.name}"
        if entry.name.endswith(endings):
            status = entry.stat()
            yield path, status.st_size, status.st_ctime_ns
        elif entry.name not in ("__pycache__", "schemas") and entry.is_dir():
            yield from packaged_files(entry.path, endings, f"{path}/")


def packaged_names(folder: str | Path) -> list[str]:
    """The sorted names in a folder of the installation; none if there is no such folder."""
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def is_packaged(path: str | Path) -> bool:
    """Whether the installation has a file or folder."""
    return os.path.exists(path)
