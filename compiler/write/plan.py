"""Plan a write: compare a tree with the disk, file by file."""

from __future__ import annotations

from hashlib import sha256

from msgspec import Struct, field

from compiler.emit.tree import Tree
from compiler.files import Folder
from compiler.write import SUMS
from compiler.write.merges import merged
from compiler.write.output_paths import digests_on_disk, read_sums, spec_of, strays, sums_text


class Plan(Struct, frozen=True):
    """The effects of a write."""

    write: tuple[str, ...] = ()  # new, changed, or missing on disk
    remove: tuple[str, ...] = ()  # ours, and no longer part of the tree
    edited: tuple[str, ...] = ()  # platformc's, and edited by a user
    foreign: tuple[str, ...] = ()  # a user's file at the path of one of platformc's
    merged: frozenset[str] = frozenset()  # the edited and foreign files that git merged
    stray: tuple[str, ...] = ()  # a user's file in a folder that is only for output
    sums: str = ""
    removed_digests: dict[str, str] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        return not (self.write or self.remove or self.blocked)

    @property
    def outdated(self) -> bool:
        """Whether files differ from the tree that no user has edited."""
        return not {*self.write, *self.remove} <= {*self.edited, *self.foreign}

    @property
    def blocked(self) -> bool:
        """Whether a write would lose a user's work."""
        return bool(self.edited or self.foreign)


def plan(tree: Tree, root: Folder, scope: tuple[str, ...] = ("",), spec: str = "") -> Plan:
    """Compare a tree with the disk. The compiler's files outside `scope` (path prefixes) are kept.

    `spec` is the name of the spec, if it is next to the output.
    """
    listed = read_sums(root)
    write: list[str] = []
    edited: list[str] = []
    foreign: list[str] = []
    sums = {path: sum for path, sum in listed.items() if not path.startswith(scope)}
    for path, current in zip(tree, digests_on_disk(root, tree), strict=True):
        sums[path] = digest(tree, path)
        if current == sums[path]:
            continue
        if current is not None and current != listed.get(path):
            (edited if path in listed else foreign).append(path)
        write.append(path)
    stale_paths = [path for path in listed if path not in sums]
    stale = dict(zip(stale_paths, digests_on_disk(root, stale_paths), strict=True))
    edited += [path for path, current in stale.items() if current not in (None, listed[path])]
    renamed = spec and spec_of(root) not in ("", spec)
    if (listed != sums or renamed) and not write and not stale:
        write.append(SUMS)
    return Plan(
        tuple(write), tuple(sorted(stale)), tuple(sorted(edited)), tuple(foreign), merged((*edited, *foreign), root),
        tuple(strays((*tree, *listed), root, scope)),
        sums_text(sums, spec),
        {path: current for path, current in stale.items() if current is not None},
    )  # fmt: skip


def digest(tree: Tree, path: str) -> str:
    """The digest of a file of a tree."""
    seal = sha256()
    for piece in tree.data(path):
        seal.update(piece)
    return seal.hexdigest()
