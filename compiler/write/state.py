"""What platformc remembers between runs: outside the tree, believed only if this user made it here.

A repository can bring along any file, and so a note or a journal of a compile that never was. So they
lie in the user's cache, in a folder for each output directory, that nobody else may write. Nothing
there is needed: to lose it costs a compile, or a write that was cut off is begun again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from compiler.files import Folder, home, is_there, private, real

_LONGEST = 200  # bytes of a name; file systems take 255


def state_of(root: Path) -> Folder | None:
    """The folder of notes about an output directory; None where there is no safe place for one."""
    key = _key(str(real(root)))
    for place in _places():
        if _within_checkout(place, root):
            continue
        try:
            with private(place):
                pass
            return private(place / key)
        except OSError:
            continue
    return None


def _key(path: str) -> str:
    """A folder's name for a path: readable, and so without a hash where it is short enough."""
    name = path.replace("%", "%25").replace("/", "%")
    if len(os.fsencode(name)) <= _LONGEST:
        return name
    from hashlib import sha256  # only now: its import would delay the parser's start

    return sha256(os.fsencode(path)).hexdigest()


def _places() -> Iterator[Path]:
    """The user's cache, and for users without a home what lies in the folder for temporary files."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not cache.is_absolute():
        cache = home() / ".cache"
    if cache.is_absolute():
        yield cache / "platformc"
    yield Path(os.environ.get("TMPDIR") or "/tmp", f"platformc-{os.geteuid()}")  # noqa: S108


def _within_checkout(place: Path, root: Path) -> bool:
    """Whether a place is below what the tree's author filled: some CI systems keep caches there."""
    tree = real(root)
    return any(above == tree or is_there(above / ".git") for above in real(place).parents)
