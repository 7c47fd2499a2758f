"""A spec parsed by another core, while this one imports the compiler.

The parser and its package take as long to import as a small spec to compile. Nothing of the
compiler is imported here before the other core has begun.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from compiler.parallel import beside, in_turn

if TYPE_CHECKING:
    from compiler.diagnostics import Report
    from compiler.document import Node

T = TypeVar("T")
Parse = Callable[[bytes, str, "Report"], "Node | None"]


def parse(data: bytes, file: str, report: Report) -> Node | None:
    """Parse here and now."""
    from compiler.load import load

    return load(data, file, report)


def parsing(data: bytes, file: str) -> Parse:
    """Start to parse; what is returned waits for the document, and may be called once."""
    return _waiting(beside(lambda: _packed(data, file), bytes))


def parsing_and(
    data: bytes, file: str, later: Callable[[], T], type: type[T]
) -> tuple[Parse, Callable[[], T]]:
    """The same, and then something else that can wait."""
    packed, done = in_turn(lambda: _packed(data, file), bytes, later, type)
    return _waiting(packed), done


def _waiting(packed: Callable[[], bytes]) -> Parse:
    def parsed(data: bytes, file: str, report: Report) -> Node | None:
        found = packed()
        return _unpacked(found, report) if found else parse(data, file, report)

    return parsed


def _packed(data: bytes, file: str) -> bytes:
    """The document and what is to be said of it; nothing where an integer is too long for that."""
    from msgspec.msgpack import encode

    from compiler.diagnostics import Report

    report = Report()
    document = parse(data, file, report)
    try:
        return encode((document, report.diagnostics))
    except OverflowError:
        return b""


def _unpacked(packed: bytes, report: Report) -> Node | None:
    from msgspec.msgpack import decode

    from compiler.diagnostics import Diagnostic
    from compiler.document import Node

    document, said = decode(packed, type=tuple[Node | None, list[Diagnostic]])
    report.diagnostics += said
    return document
