"""One edit that takes a finding away, where only one can be meant."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from compiler.document.span import Span


class Edit(StrEnum):
    WRITE = "write"  # the text, in place of what stands there
    QUOTE = "quote"  # what stands there, in quotes
    INSERT = "insert"  # the text, as a line of its own above
    REMOVE = "remove"  # what stands there, with the dash or comma that makes it an entry


class Fix(Struct, frozen=True):
    """What to do in one place of the spec."""

    span: Span
    text: str = ""
    edit: Edit = Edit.WRITE
