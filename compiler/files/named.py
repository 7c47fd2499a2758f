"""Open folders and files that the user named, or that belong to this user."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from compiler.files.errors import UnsafePathError
from compiler.files.folder import (
    FOLDER,
    MOST_BYTES,
    PATH_ONLY,
    Folder,
    bounded,
    is_private_status,
    step,
)


def open_folder(path: Path, make: int | None = None) -> Folder:
    """Open a folder that the user named; with a mode, make it if missing.

    Links may lead to it, but not from a path below the current folder to somewhere else: the user
    named a place in the checkout.
    """
    real = os.path.realpath(path)
    if not path.is_absolute() and ".." not in path.parts and not _is_below(real, os.getcwd()):
        raise UnsafePathError(f"{path} is a symbolic link that leads out of the current folder")
    descriptor = os.open("/", PATH_ONLY | FOLDER)
    at = ""
    for part in Path(real).parts[1:]:
        at = f"{at}/{part}"
        try:
            inner = step(descriptor, part, at, make)
        finally:
            os.close(descriptor)
        descriptor = inner
    return Folder(path, descriptor)


def private(path: Path) -> Folder:
    """Open a folder that only this user can have filled; make it if missing."""
    parent = open_folder(path.parent, 0o700)
    with parent:
        parent.make(path.name, 0o700)
    folder = open_folder(path)
    status = os.fstat(folder.descriptor)
    if not is_private_status(status):
        folder.__exit__(None, None, None)
        raise UnsafePathError(f"{path} is not this user's alone")
    return folder


def read_named(path: Path) -> bytes:
    """The bytes of a file that the user named; a link to it may not lead out of its folder."""
    if str(path).startswith("/dev/"):  # such as a shell's `<(...)`
        with open(path, "rb") as stream:
            return bounded(stream, path, MOST_BYTES)
    real = located(path)
    with open_folder(real.parent) as folder:
        return folder.read(real.name)


def located(path: Path) -> Path:
    """The real path of a file that the user named; a link may lead to it, but not out of its folder."""
    with open_folder(path.parent):  # the folder of the path may itself be a link
        real = Path(os.path.realpath(path))
    if not _is_below(str(real), str(path.parent)):
        raise UnsafePathError(f"{path} is a symbolic link that leads out of {path.parent}")
    if os.path.isdir(real):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    return real


def _is_below(path: str, folder: str) -> bool:
    return os.path.commonpath((path, os.path.realpath(folder))) == os.path.realpath(folder)


def is_there(path: Path) -> bool:
    """Whether anything has this name, even a link that leads nowhere."""
    return os.path.lexists(path)


def is_link(path: Path) -> bool:
    return os.path.islink(path)


def is_folder(path: Path) -> bool:
    return os.path.isdir(path)


def owner(path: Path) -> int:
    """The user that a folder belongs to."""
    return os.stat(path).st_uid


def real(path: Path) -> Path:
    """A path with its links followed."""
    return Path(os.path.realpath(path))


def home() -> Path:
    """The user's home, by HOME or else by the system's list of users."""
    return Path(os.path.expanduser("~"))
