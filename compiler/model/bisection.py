"""Split many values into pieces by the hashes of their names, so that a new one moves few others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import TypeVar

T = TypeVar("T")
SINGLE_PIECE = "all"  # the name of a single piece


def digits(name: str) -> str:
    """The hash of a name as binary digits."""
    return f"{int.from_bytes(sha256(name.encode()).digest()[:8]):064b}"


def pieces(
    keyed: Sequence[tuple[str, T]], fits: Callable[[Sequence[T]], bool], prefix: str = ""
) -> Iterator[tuple[str, tuple[T, ...]]]:
    """The pieces by the first digits of their hashes; values keep their order inside a piece."""
    values = tuple(value for _, value in keyed)
    if len(values) == 1 or fits(values):
        if values:
            yield prefix or SINGLE_PIECE, values
        return
    for digit in "01":
        half = [pair for pair in keyed if pair[0][len(prefix)] == digit]
        yield from pieces(half, fits, prefix + digit)
