"""Edits of a spec's text, each in one place; every other byte stays as it is."""

from __future__ import annotations

import re
from collections.abc import Callable

from compiler.diagnostics.fix import Edit, Fix
from compiler.document.span import Span

_BOM = b"\xef\xbb\xbf"


def edited(data: bytes, fix: Fix) -> bytes:
    """The bytes of a spec with one edit made, or as they were where it cannot be."""
    bom = _BOM if data.startswith(_BOM) else b""
    lines = data[len(bom) :].decode().split("\n")
    match fix.edit:
        case Edit.INSERT:
            end = "\r" if lines[0].endswith("\r") else ""
            lines.insert(fix.span.line - 1, fix.text + end)
        case Edit.REMOVE:
            _remove(lines, fix.span)
        case Edit.QUOTE:
            _replace(lines, fix.span, lambda old: f'"{old}"')
        case Edit.WRITE:
            # An empty value begins right behind its colon.
            _replace(lines, fix.span, lambda old: fix.text if old else f" {fix.text}")
    return bom + "\n".join(lines).encode()


def _replace(lines: list[str], span: Span, text: Callable[[str], str]) -> None:
    line = lines[span.line - 1]
    start, end = span.column - 1, span.end_column - 1
    lines[span.line - 1] = line[:start] + text(line[start:end]) + line[end:]


def _remove(lines: list[str], span: Span) -> None:
    """Take an entry out: the lines that it has to itself, or its place in `[...]` or `{...}`."""
    first, last = span.line - 1, span.end_line - 1
    before = lines[first][: span.column - 1]
    if before.strip() in ("", "-"):
        rest = lines[last][span.end_column - 1 :]
        if last > first and not lines[last][: span.end_column - 1].strip():
            # A block ends where the next one begins.
            last, rest = _before(lines, last), ""
        if re.fullmatch(r"\s*(#.*)?", rest):
            del lines[first : last + 1]
    elif first == last:
        lines[first] = _without(lines[first], span.column - 1, span.end_column - 1)


def _before(lines: list[str], index: int) -> int:
    """The last line before another that is neither empty nor a comment: those are not its own."""
    index -= 1
    while not lines[index].strip() or lines[index].lstrip().startswith("#"):
        index -= 1
    return index


def _without(line: str, start: int, end: int) -> str:
    """A line without one of the entries between brackets, and one comma less."""
    behind = re.match(r"\s*,\s*", line[end:])
    if behind:
        return line[:start] + line[end + behind.end() :]
    return re.sub(r"\s*,\s*$", "", line[:start]) + line[end:]
