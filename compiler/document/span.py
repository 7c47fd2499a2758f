"""Where a piece of the spec stands in the user's file."""

from __future__ import annotations

from typing import Self

from msgspec import Struct
from msgspec.structs import replace


class Span(Struct, frozen=True, order=True, array_like=True):
    """A stretch of one file. Lines and columns count from 1; the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def to(self, other: Self) -> Self:
        """From where this begins to where the other ends."""
        return replace(self, end_line=other.end_line, end_column=other.end_column)
