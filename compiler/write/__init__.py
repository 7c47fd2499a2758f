"""Tree to disk: only what changed, only what is ours, all of it or nothing.

`platformc.sum` in the output directory lists the files that are ours with their SHA-256 (the form
that `sha256sum --check` reads). A write is prepared in `.platformc/`, sealed by a journal, and then
carried out; whoever comes next after a kill throws the preparation away or finishes the journal.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from stat import S_ISREG

from msgspec import Struct, field

from compiler.emit.tree import Tree

SUMS = "platformc.sum"
STATE = ".platformc"
_STAGE, _JOURNAL, _LOCK = "stage", "journal.json", "lock"


class Plan(Struct, frozen=True):
    """What a write would do."""

    write: tuple[str, ...] = ()  # new, changed, or missing on disk
    remove: tuple[str, ...] = ()  # ours, and no longer part of the tree
    edited: tuple[str, ...] = ()  # ours, and changed by somebody else
    foreign: tuple[str, ...] = ()  # somebody else's, where a file of ours belongs
    sums: str = field(default="")

    @property
    def clean(self) -> bool:
        return not (self.write or self.remove or self.edited or self.foreign)

    @property
    def blocked(self) -> bool:
        return bool(self.edited or self.foreign)


class BusyError(Exception):
    """Another platformc writes to the same directory."""


def _digest(data: Iterable[bytes]) -> str:
    seal = sha256()
    for some in data:
        seal.update(some)
    return seal.hexdigest()


def read_sums(root: Path) -> dict[str, str]:
    """Our files and what was written to them. A line that is not one of ours counts for nothing."""
    try:
        text = (root / SUMS).read_text()
    except FileNotFoundError:
        return {}
    entries = (line.split("  ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {entry[1]: entry[0] for entry in entries if len(entry) == 2 and _inside(entry[1])}


def _inside(path: str) -> bool:
    """Whether a listed path stays below the output directory: the list could have been edited."""
    return not path.startswith("/") and ".." not in path.split("/") and path not in ("", SUMS)


def plan(tree: Tree, root: Path, scope: tuple[str, ...] = ("",)) -> Plan:
    """Compare a tree with the disk. Files of ours outside `scope` (path prefixes) are kept."""
    ours, base = read_sums(root), os.fspath(root)
    write: list[str] = []
    edited: list[str] = []
    foreign: list[str] = []
    sums = {path: sum for path, sum in ours.items() if not path.startswith(scope)}
    for path in tree:
        sums[path] = _digest(tree.data(path))
        on_disk = _disk_digest(f"{base}/{path}")
        if on_disk == sums[path]:
            continue
        if on_disk is not None and on_disk != ours.get(path):
            (edited if path in ours else foreign).append(path)
        write.append(path)
    stale = [path for path in ours if path not in sums]
    for path in stale:
        if _disk_digest(f"{base}/{path}") not in (None, ours[path]):
            edited.append(path)
    listed = "".join(f"{sums[path]}  {path}\n" for path in sorted(sums))
    if ours != sums and not write and not stale:
        write.append(SUMS)
    return Plan(tuple(write), tuple(sorted(stale)), tuple(sorted(edited)), tuple(foreign), listed)


def _disk_digest(path: str) -> str | None:
    """The digest of a file; None where there is none. A link or folder in its place is nobody's."""
    try:
        if not S_ISREG(os.lstat(path).st_mode):
            return "not a file"
        with open(path, "rb") as file:
            return sha256(file.read()).hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return None


def stage(planned: Plan, tree: Tree, root: Path) -> None:
    """Put all texts beside the output, which stays as it is. `recover` throws them away again.

    Call this and `seal` within `exclusive`.
    """
    if planned.clean:
        return
    stay_inside((*planned.write, *planned.remove), root)
    folder = root / STATE / _STAGE
    folder.mkdir(parents=True)
    for index, path in enumerate(_files(planned)):
        data = [planned.sums.encode()] if path == SUMS else tree.data(path)
        _put(f"{folder}/{index}", data)


def _files(planned: Plan) -> list[str]:
    """What is written, in the order of the stage; the list of files comes last."""
    return [*(path for path in planned.write if path != SUMS), SUMS]


def _put(path: str, data: Iterable[bytes]) -> None:
    """A new file. Of many small ones, Python's own file objects are half the cost."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        for some in data:
            while some:
                some = some[os.write(file, some) :]
    finally:
        os.close(file)


def seal(planned: Plan, root: Path) -> None:
    """Replace the output by what was staged. From its journal on, a kill loses nothing."""
    if planned.clean:
        return
    state = root / STATE
    journal = {"write": _files(planned), "remove": list(planned.remove)}
    prepared = state / f"{_JOURNAL}.new"
    with prepared.open("w", encoding="utf-8") as file:
        json.dump(journal, file)
        file.flush()
        os.fsync(file.fileno())
    prepared.replace(state / _JOURNAL)  # from here on, the write is finished by whoever comes next
    _finish(root)


def stay_inside(paths: Iterable[str], root: Path) -> None:
    """Refuse a path that leads out of the output directory, by itself or through a link.

    A journal is believed no more than a plan: whoever wrote the repository may have written it.
    """
    folders: set[str] = set()
    for path in paths:
        if path != SUMS and not _inside(path):
            raise OSError(f"{path} is not below {root}")
        above = path
        while (above := above.rpartition("/")[0]) and above not in folders:
            folders.add(above)
    base = os.fspath(root)
    for folder in sorted(folders):
        if os.path.islink(f"{base}/{folder}"):
            raise OSError(f"{root / folder} is a symbolic link; platformc does not follow it")


def _finish(root: Path) -> None:
    state = root / STATE
    journal = json.loads((state / _JOURNAL).read_text(encoding="utf-8"))
    stay_inside((*journal["write"], *journal["remove"]), root)
    stage, base = os.fspath(state / _STAGE), os.fspath(root)
    for folder in {path.rpartition("/")[0] for path in journal["write"]}:
        os.makedirs(f"{base}/{folder}", exist_ok=True)
    for index, path in enumerate(journal["write"]):
        with suppress(FileNotFoundError):  # an earlier run got past it
            os.replace(f"{stage}/{index}", f"{base}/{path}")
    for path in journal["remove"]:
        (root / path).unlink(missing_ok=True)
        _prune(root, (root / path).parent)
    (state / _JOURNAL).unlink()
    shutil.rmtree(state / _STAGE)


def _prune(root: Path, folder: Path) -> None:
    """Remove folders that our files left empty."""
    while folder != root and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def interrupted(root: Path) -> bool:
    """Whether an earlier write was cut off."""
    state = root / STATE
    return (state / _JOURNAL).exists() or (state / _STAGE).exists()


def recover(root: Path) -> None:
    """Finish a write that was sealed, or throw away one that was not. Call within `exclusive`."""
    state = root / STATE
    if (state / _JOURNAL).exists():
        _finish(root)
    elif (state / _STAGE).exists():
        shutil.rmtree(state / _STAGE)


@contextmanager
def exclusive(root: Path) -> Iterator[None]:
    """The only writer of a directory. Raises BusyError where there is another."""
    state = root / STATE
    for one in (state, *(state.iterdir() if state.is_dir() else ())):
        if one.is_symlink():
            raise OSError(f"{one} is a symbolic link; platformc does not follow it")
    state.mkdir(parents=True, exist_ok=True)
    ignore = state / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
    with (state / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(f"another platformc is writing to {root}") from error
        yield
