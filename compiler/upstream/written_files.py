"""Keep the digests of the files that `vendor` wrote, and find the files that differ from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256

from compiler.files import Folder

FOLDER = "operators"


def written_files(name: str, root: Folder) -> dict[str, str]:
    """The digest of each file in the folder of a release."""
    return {path: _digest(root, path) for path in root.listed(f"{FOLDER}/{name}")}


def changed_files(
    name: str, written: Mapping[str, str], root: Folder
) -> Iterator[tuple[str, str, str]]:
    """The code, path and problem of each file that `vendor` did not leave as it is."""
    inside = f"{FOLDER}/{name}/"
    present = written_files(name, root)
    if not present:  # it is fetched later
        return
    for path in sorted({*present, *(path for path in written if path.startswith(inside))}):
        if path not in written:
            yield "foreign-file", path, "was not written by `platformc vendor`"
        elif path not in present:
            yield "edited-output", path, "was removed since `platformc vendor` wrote it"
        elif present[path] != written[path]:
            yield "edited-output", path, "was edited since `platformc vendor` wrote it"


def _digest(root: Folder, path: str) -> str:
    """The digest of a file; empty for a link, or another file that platformc does not read."""
    try:
        return f"sha256:{sha256(root.read(path)).hexdigest()}"
    except OSError:
        return ""
