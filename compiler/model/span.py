"""Where a piece of the spec stands in the user's file."""

from msgspec import Struct


class Span(Struct, frozen=True, order=True):
    """A stretch of one file. Lines and columns count from 1; the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
