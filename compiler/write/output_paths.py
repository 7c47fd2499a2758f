"""Find the compiler's files in an output directory, their digests, and foreign files next to them.

A foreign file in a folder of output would be delivered together with the compiler's files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from compiler.files import Folder, UnsafePathError
from compiler.write import SUMS

PER_ENVIRONMENT = ("out", "overlays", "prerequisites")
FOLDERS = ("base", *PER_ENVIRONMENT)
NOT_A_FILE = "not a file"  # stands for the digest of a link or folder
# The only paths that the compiler writes; other paths in the list of files are ignored.
_OUTPUT_PATH = re.compile(rf"({'|'.join(FOLDERS)})(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+")
_PIECE = 2**18  # bytes that are read at once
_ENTRY = re.compile(r"([0-9a-f]{64})  (.+)")
_SPEC = re.compile(r"# compiled from ([^/\n]+)\n")


def is_output_path(path: str) -> bool:
    """Whether the compiler can have written a path: the list of files could have been edited."""
    return _OUTPUT_PATH.fullmatch(path) is not None


def read_sums(root: Folder) -> dict[str, str]:
    """platformc's files and their digests. Lines of another form are ignored."""
    entries = (_ENTRY.fullmatch(line) for line in _sums_text(root).split("\n"))
    return {entry[2]: entry[1] for entry in entries if entry and is_output_path(entry[2])}


def sums_text(sums: Mapping[str, str], spec: str) -> str:
    """The list of files, with the name of the spec next to it if there is one (see `spec_of`)."""
    lines = (f"{sums[path]}  {path}\n" for path in sorted(sums))
    return "".join((f"# compiled from {spec}\n" if spec else "", *lines))


def spec_of(root: Folder) -> str:
    """The name of the spec next to the output that made it; empty if the list of files names none."""
    recorded = _SPEC.match(_sums_text(root))
    return recorded[1] if recorded else ""


def _sums_text(root: Folder) -> str:
    try:
        return (root.read_if_there(SUMS) or b"").decode("utf-8", "replace")
    except UnsafePathError:  # it is replaced, not followed
        return ""


def digest_on_disk(root: Folder, path: str) -> str | None:
    """The digest of a file, or None. A link or folder in its place is not platformc's."""
    return next(digests_on_disk(root, (path,)))


def digests_on_disk(root: Folder, paths: Iterable[str]) -> Iterator[str | None]:
    """The digests of files. Consecutive paths in the same folder are read with the folder opened once."""
    for folder, group in groupby(paths, folder_of):
        names = [path.rpartition("/")[2] for path in group]
        try:
            with root.inside(folder) as opened:
                digests = [_digest(opened, name) for name in names]
        except (FileNotFoundError, NotADirectoryError):
            digests = [None] * len(names)
        except UnsafePathError:
            digests = [NOT_A_FILE] * len(names)
        yield from digests


def folder_of(path: str) -> str:
    """The folder of a path; empty for the output directory itself."""
    return path.rpartition("/")[0]


def _digest(folder: Folder, name: str) -> str | None:
    from hashlib import sha256  # only now: its import would delay the parser's start

    digest = sha256()
    try:
        with folder.opened(name, buffered=False) as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnsafePathError:
        return NOT_A_FILE
    return digest.hexdigest()


def strays(paths: Iterable[str], root: Folder, scope: tuple[str, ...] = ("",)) -> Iterator[str]:
    """The files that are not among some paths, but stand in folders that are for output alone."""
    listed = {*paths}
    for folder in FOLDERS:
        for path in root.listed(folder):
            if path not in listed and path.startswith(scope):
                yield path
