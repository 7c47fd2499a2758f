"""The position of a piece of the spec in the user's file."""

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

    @classmethod
    def of_file(cls, file: object) -> Self:
        """The beginning of a file, for a problem of the whole file."""
        return cls(str(file), 1, 1, 1, 1)

    def to(self, end: Self) -> Self:
        """The stretch from the start of this span to the end of another."""
        return replace(self, end_line=end.end_line, end_column=end.end_column)

    def contains(self, other: Self) -> bool:
        """Whether another span starts in this one."""
        start = (other.line, other.column)
        return (self.line, self.column) <= start < (self.end_line, self.end_column)
