"""Keep state between runs outside the tree, trusted only if this user created it on this machine.

A repository can contain any file, including a forged record or journal. So the state is in the
user's cache, in a folder for each output directory, which only this user may write. Losing it costs
a compile, or starts an interrupted write again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from compiler.files import Folder, home, is_there, private, real

_LONGEST = 200  # bytes of a name; file systems take 255


def state_of(root: Path) -> Folder | None:
    """The folder of notes about an output directory; None if there is no safe place for it."""
    key = _key(str(real(root)))
    for folder in _folders():
        if _within_checkout(folder, root):
            continue
        try:
            with private(folder):
                pass
            return private(folder / key)
        except OSError:
            continue
    return None


def _key(path: str) -> str:
    """The name of the folder for a path: the readable path itself if it is short, else with a hash."""
    name = path.replace("%", "%25").replace("/", "%")
    if len(os.fsencode(name)) <= _LONGEST:
        return name
    from hashlib import sha256  # only now: its import would delay the parser's start

    return sha256(os.fsencode(path)).hexdigest()


def _folders() -> Iterator[Path]:
    """The user's cache; for users without a home, a folder for temporary files."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not cache.is_absolute():
        cache = home() / ".cache"
    if cache.is_absolute():
        yield cache / "platformc"
    temporary = os.environ.get("TMPDIR") or "/tmp"  # noqa: S108  # `private` checks the owner
    yield Path(temporary, f"platformc-{os.geteuid()}")


def _within_checkout(folder: Path, root: Path) -> bool:
    """Whether a folder is inside the checkout, which others fill: some CI systems keep caches there."""
    tree = real(root)
    return any(parent == tree or is_there(parent / ".git") for parent in real(folder).parents)
