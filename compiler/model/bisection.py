"""Split many values into pieces by the hashes of their names, so that a new one moves few others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import TypeVar

T = TypeVar("T")
WHOLE = "all"  # the name of a single piece


def digits(name: str) -> str:
    """The hash of a name as binary digits."""
    return f"{int.from_bytes(sha256(name.encode()).digest()[:8]):064b}"


def pieces(
    keyed: Sequence[tuple[str, T]], fits: Callable[[Sequence[T]], bool], prefix: str = ""
) -> Iterator[tuple[str, tuple[T, ...]]]:
    """The pieces by the first digits of their hashes; values keep their order inside a piece."""
    things = tuple(thing for _, thing in keyed)
    if len(things) == 1 or fits(things):
        if things:
            yield prefix or WHOLE, things
        return
    for bit in "01":
        half = [pair for pair in keyed if pair[0][len(prefix)] == bit]
        yield from pieces(half, fits, prefix + bit)
