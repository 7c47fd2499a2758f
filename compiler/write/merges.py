"""Find the output that git merged: two branches that change a spec change the same compiled files."""

from __future__ import annotations

from collections.abc import Iterable

from compiler.document.conflicts import conflict_markers
from compiler.files import Folder
from compiler.write import SUMS


def merged(paths: Iterable[str], root: Folder) -> frozenset[str]:
    """The files that git merged, or could not merge; all if it could not merge the list of their digests."""
    paths = tuple(paths)
    if not paths or _has_conflict(SUMS, root):
        return frozenset(paths)
    return frozenset(path for path in paths if _has_conflict(path, root))


def _has_conflict(path: str, root: Folder) -> bool:
    try:
        data = root.read_if_there(path) or b""
    except OSError:  # a link, a folder or a huge file, which no compile wrote
        return False
    return any(conflict_markers(data.decode("utf-8", "replace"), path))
