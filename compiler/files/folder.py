"""Work below a folder that is held by its descriptor: paths are opened part by part, through no link."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import IO

from compiler.files.errors import UnsafePathError

MOST_BYTES = 64 * 2**20  # the most bytes of a file that is read whole
PATH_ONLY = getattr(os, "O_PATH", os.O_RDONLY)  # elsewhere than on Linux a folder must be readable
FOLDER = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_KINDS = (
    (stat.S_ISLNK, "a symbolic link; platformc does not follow it"),
    (stat.S_ISDIR, "a folder, not a file"),
    (stat.S_ISFIFO, "a pipe, not a file"),
    (lambda mode: True, "not a regular file"),
)


class Folder:
    """A folder held by its descriptor. Paths are relative to it, with `/` between their parts."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor

    def __enter__(self) -> Folder:
        return self

    def __exit__(
        self,
        type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.close(self.descriptor)

    @property
    def identity(self) -> tuple[int, int]:
        """Device and inode: another folder at the same path has another identity."""
        status = os.fstat(self.descriptor)
        return status.st_dev, status.st_ino

    def status(self, path: str) -> os.stat_result | None:
        """The status of a file, or of a link itself; None if nothing is there."""
        try:
            with self._parent(path) as (parent, name):
                return os.stat(name, dir_fd=parent, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None

    @contextmanager
    def opened(self, path: str, *, buffered: bool = True) -> Iterator[IO[bytes]]:
        """A regular file, open for reading. Without a buffer, reading in large pieces is faster."""
        with self._parent(path) as (parent, name):
            status = os.stat(name, dir_fd=parent, follow_symlinks=False)
            self._regular(path, status)  # before it is opened: to open a device can do something
            descriptor = os.open(name, _READ, dir_fd=parent)
            with open(descriptor, "rb", -1 if buffered else 0) as file:
                self._regular(path, os.fstat(descriptor))
                yield file

    def read(self, path: str, limit: int = MOST_BYTES) -> bytes:
        with self.opened(path) as file:
            return bounded(file, self.path / path, limit)

    def read_if_there(self, path: str, limit: int = MOST_BYTES) -> bytes | None:
        try:
            return self.read(path, limit)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def listed(self, path: str) -> Iterator[str]:
        """All files and links below a folder; none if the folder does not exist."""
        with suppress(FileNotFoundError, NotADirectoryError), self._below(path) as parent:
            yield from _files(parent, ".", f"{path}/" if path else "")

    def names(self, path: str) -> list[str]:
        """The names directly in a folder; none if the folder does not exist."""
        try:
            return [entry.name for entry in self._entries(path)]
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _entries(self, path: str) -> list[os.DirEntry[str]]:
        with self._below(path) as parent, _readable(parent, ".") as descriptor:
            return _sorted_entries(descriptor)

    def make(self, path: str, mode: int = 0o755) -> None:
        """Make a folder and its parents."""
        with self._below(path, mode):
            pass

    @contextmanager
    def inside(self, path: str, make: int | None = None) -> Iterator[Folder]:
        """Open a folder below this one for work on many of its files; with a mode, make it if missing."""
        with self._below(path, make) as descriptor:
            yield Folder(self.path / path, descriptor)

    def restrict(self, path: str, mode: int) -> None:
        """Set the mode of a folder that is there already."""
        with self._below(path) as parent, _readable(parent, ".") as descriptor:
            os.fchmod(descriptor, mode)

    def is_private(self, path: str) -> bool:
        """Whether only this user can read a file and can have written it."""
        with self.opened(path) as file:
            return is_private_status(os.fstat(file.fileno()))

    def create(self, path: str, data: Iterable[bytes], mode: int = 0o644) -> None:
        """Create a file and its folders. Raises FileExistsError if something is there."""
        with self._parent(path, make=True) as (parent, name):
            descriptor = os.open(name, _CREATE, mode, dir_fd=parent)
            try:
                for piece in data:
                    while piece:
                        piece = piece[os.write(descriptor, piece) :]
            finally:
                os.close(descriptor)

    def replace(self, path: str, data: bytes, mode: int | None = None) -> None:
        """Replace a whole file in one step: a reader sees the old file or the new one, never a part.

        Without a `mode` the new file has the mode of the old one.
        """
        folder, _, name = path.rpartition("/")
        prepared = f"{folder}/" if folder else ""
        prepared += f".{name}.{os.urandom(8).hex()}.new"
        old = self.status(path)
        if mode is None:
            mode = stat.S_IMODE(old.st_mode) if old and stat.S_ISREG(old.st_mode) else 0o644
        try:
            self.create(prepared, (data,), mode)
            self.rename(prepared, path)
        except BaseException:
            self.remove(prepared)
            raise

    def rename(self, source: str, target: str) -> None:
        """Move a file, replacing one at the target; missing folders of the target are made."""
        self.move(source, self, target)

    def move(self, source: str, folder: Folder, target: str) -> None:
        """Move a file to a path in another folder, as `rename` does. An error names the target."""
        with (
            folder._parent(target, make=True) as (parent, name),
            self._parent(source) as (source_parent, source_name),
        ):
            os.replace(source_name, name, src_dir_fd=source_parent, dst_dir_fd=parent)

    def remove(self, path: str) -> None:
        """Remove a file, or a link itself, if it exists."""
        try:
            with self._parent(path) as (parent, name):
                os.unlink(name, dir_fd=parent)
        except (FileNotFoundError, NotADirectoryError):
            return

    def remove_all(self, path: str) -> None:
        """Remove a folder with its contents; if the path is a link, remove only the link."""
        status = self.status(path)
        if status is None or not stat.S_ISDIR(status.st_mode):
            self.remove(path)
            return
        for name in self.names(path):
            self.remove_all(f"{path}/{name}")
        with self._parent(path) as (parent, name):
            os.rmdir(name, dir_fd=parent)

    def prune(self, path: str) -> None:
        """Remove a folder and its parents, as long as they are empty."""
        while path:
            try:
                with self._parent(path) as (parent, name):
                    os.rmdir(name, dir_fd=parent)
            except OSError:
                return
            path = path.rpartition("/")[0]

    @contextmanager
    def locked(self, path: str) -> Iterator[bool]:
        """Try to take the lock of a name until the end of the block. Yields whether this process has it."""
        import fcntl

        with self._parent(path, make=True) as (parent, name):
            status = self.status(path)
            if status is not None:
                self._regular(path, status)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(name, flags, 0o600, dir_fd=parent)
        try:
            self._regular(path, os.fstat(descriptor))
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(descriptor)

    def _regular(self, path: str, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            kind = next(text for test, text in _KINDS if test(status.st_mode))
            raise UnsafePathError(f"{self.path / path} is {kind}")

    @contextmanager
    def _parent(self, path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
        """The descriptor of the folder of a path, and the last part of the path."""
        folder, _, name = path.rpartition("/")
        if name in ("", ".", "..") or "\0" in path:
            raise UnsafePathError(f"{path!r} is not below {self.path}")
        mode = 0o755 if make else None
        below = self._below(folder, mode) if folder else nullcontext(self.descriptor)
        with below as parent:
            try:
                yield parent, name
            except OSError as error:
                if error.strerror is not None:
                    error.filename, error.filename2 = str(self.path / path), None
                raise

    @contextmanager
    def _below(self, path: str, make: int | None = None) -> Iterator[int]:
        """The descriptor of a folder below this one; with a mode, the folder is made if missing."""
        if not path:
            yield self.descriptor
            return
        at, descriptor = "" if self.path == Path() else str(self.path), os.dup(self.descriptor)
        try:
            for part in path.split("/"):
                at = os.path.join(at, part)
                inner = step(descriptor, part, at, make)
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)


@contextmanager
def _readable(parent: int, name: str) -> Iterator[int]:
    """The descriptor of a folder inside another one, whose entries can be read by it."""
    descriptor = os.open(name, os.O_RDONLY | FOLDER, dir_fd=parent)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _sorted_entries(descriptor: int) -> list[os.DirEntry[str]]:
    with os.scandir(descriptor) as entries:
        return sorted(entries, key=attrgetter("name"))


def _files(parent: int, name: str, inside: str) -> Iterator[str]:
    """All files and links below a folder, each path after a beginning. A folder that has just gone has none."""
    with suppress(FileNotFoundError, NotADirectoryError), _readable(parent, name) as descriptor:
        for entry in _sorted_entries(descriptor):
            path = inside + entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from _files(descriptor, entry.name, f"{path}/")
            else:
                yield path


def bounded(file: IO[bytes], path: Path, limit: int) -> bytes:
    data = file.read(limit + 1)
    if len(data) > limit:
        raise UnsafePathError(f"{path} is larger than {limit // 2**20} MiB")
    return data


def is_private_status(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid() and not status.st_mode & 0o077


def step(parent: int, name: str, path: str, make: int | None) -> int:
    """Open a folder inside another one, and refuse a link; with `make`, make it if missing."""
    if name in ("", ".", ".."):
        raise UnsafePathError(f"{path} does not lead down")
    try:
        return os.open(name, PATH_ONLY | FOLDER, dir_fd=parent)
    except FileNotFoundError as error:
        error.filename = path
        if make is None:
            raise
        with suppress(FileExistsError):
            os.mkdir(name, make, dir_fd=parent)
        return step(parent, name, path, None)
    except NotADirectoryError as error:
        if stat.S_ISLNK(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
            raise UnsafePathError(
                f"{path} is a symbolic link; platformc does not follow it"
            ) from error
        error.filename = path
        raise
    except OSError as error:
        error.filename = path
        raise
