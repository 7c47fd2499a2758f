"""Describe an edit that corrects a mistake, for mistakes with only one possible correction."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from compiler.document.span import Span


class Edit(StrEnum):
    WRITE = "write"  # replace the span with the text
    QUOTE = "quote"  # put the span in quotes
    INSERT = "insert"  # insert the text as a new line above the span
    REMOVE = "remove"  # remove the span, with the dash or comma of its entry


class Fix(Struct, frozen=True):
    """An edit of one place in the spec."""

    span: Span
    text: str = ""
    edit: Edit = Edit.WRITE
