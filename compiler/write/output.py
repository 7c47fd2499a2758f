"""Write to an output directory in steps that survive a kill: prepare, seal, carry out, recover."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from os import urandom
from pathlib import Path

from msgspec import DecodeError, Struct, json

from compiler.emit.tree import Tree
from compiler.files import Folder, UnsafePathError, open_folder
from compiler.write import JOURNAL, STATE, SUMS
from compiler.write.output_paths import digest_on_disk, folder_of, is_output_path
from compiler.write.plan import Plan
from compiler.write.state import state_of


class BusyError(Exception):
    """Another platformc writes to the same directory."""


class Journal(Struct, frozen=True):
    """A write that was decided: it will be finished, never undone."""

    root: tuple[int, int]  # device and inode of the output directory
    stage: str  # the folder of the texts, with an unpredictable name
    write: list[str]  # paths to write, in the order of the staged files
    remove: dict[str, str]  # paths to remove, each with the digest that the file must have


class Output:
    """An output directory that no other platformc writes to meanwhile."""

    def __init__(self, root: Folder, state: Folder) -> None:
        self.root, self._state = root, state
        self._stage = f"{STATE}/stage-{urandom(16).hex()}"

    def stage(self, planned: Plan, tree: Tree) -> None:
        """Write all texts next to the output, which stays unchanged. `recover` discards them."""
        for path in (*planned.write, *planned.remove):
            if path != SUMS and not is_output_path(path):
                raise UnsafePathError(f"{path} is no path of the compiler's")

        if not _changes(planned):
            return
        with self.root.inside(self._stage, 0o755) as stage:
            for index, path in enumerate(_files(planned)):
                data = [planned.sums.encode()] if path == SUMS else tree.data(path)
                stage.create(str(index), data)

    def seal(self, planned: Plan) -> None:
        """Replace the output by the staged files. Once the journal exists, a kill loses nothing."""
        if not _changes(planned):
            return
        journal = Journal(self.root.identity, self._stage, _files(planned), planned.removed_digests)
        self.note(journal)
        self._finish(journal)

    def note(self, journal: Journal) -> None:
        """Decide on a write."""
        self._state.replace(JOURNAL, json.encode(journal), 0o600)

    def recover(self) -> None:
        """Finish a write that was sealed, or throw away one that was not."""
        journal = _sealed(self.root, self._state)
        if journal is not None:
            self._finish(journal)
        self._state.remove(JOURNAL)
        for name in self.root.names(STATE):
            if name.startswith("stage"):
                self.root.remove_all(f"{STATE}/{name}")

    def _finish(self, journal: Journal) -> None:
        self._replace(journal)
        for path, digest in journal.remove.items():
            if digest_on_disk(self.root, path) == digest:
                self.root.remove(path)
                self.root.prune(path.rpartition("/")[0])
        self._state.remove(JOURNAL)
        self.root.remove_all(journal.stage)

    def _replace(self, journal: Journal) -> None:
        """Move the staged files to their paths, opening each folder once for the files in it."""
        numbered = enumerate(journal.write)
        with self.root.inside(journal.stage) as stage:
            for folder, files in groupby(numbered, lambda file: folder_of(file[1])):
                with self.root.inside(folder, 0o755) as target:
                    for index, path in files:
                        if stage.status(str(index)) is not None:  # else an earlier run moved it
                            stage.move(str(index), target, path.rpartition("/")[2])


def _changes(planned: Plan) -> bool:
    return bool(planned.write or planned.remove)


def _files(planned: Plan) -> list[str]:
    """The files to write, in the order of the stage; the list of files comes last."""
    return [*(path for path in planned.write if path != SUMS), SUMS]


def _sealed(root: Folder, state: Folder) -> Journal | None:
    """The journal of a write to this very directory, if its texts are still there."""
    data = state.read_if_there(JOURNAL)
    try:
        journal = json.decode(data or b"", type=Journal)
    except DecodeError:
        return None
    is_current = root.identity == journal.root and root.status(journal.stage) is not None
    return journal if is_current else None


def interrupted(root: Folder) -> bool:
    """Whether an earlier write of this user was interrupted."""
    state = state_of(root.path)
    if state is None:
        return False
    with state:
        return _sealed(root, state) is not None


@contextmanager
def exclusive(path: Path) -> Iterator[Output]:
    """Yield the only writer of a directory. Raises BusyError if there is another writer."""
    with open_folder(path, 0o755) as root:
        state = state_of(path)
        if state is None:
            raise UnsafePathError(
                "there is no folder for notes: set HOME, XDG_CACHE_HOME or TMPDIR"
            )
        with state, root.locked(f"{STATE}/lock") as locked:
            if not locked:
                raise BusyError(f"another platformc is writing to {path}")
            root.replace(f"{STATE}/.gitignore", b"*\n")
            yield Output(root, state)
