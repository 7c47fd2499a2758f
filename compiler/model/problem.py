"""Describe a mistake in an instance's section that only its component can see."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from compiler.document import Path


class Problem(Struct, frozen=True):
    """A finding about one key of a section. A rule reports it at the user's line."""

    code: str  # a code of compiler/diagnostics/codes.py
    message: str
    key: Path  # the path below the section
    help: str
    candidates: Iterable[str] = ()  # values that the user may have meant
    missing: str = ""  # the instance that should be a client; its own errors explain why it is none
    related: tuple[str, Path] | None = None  # a caption, and another place in the spec
