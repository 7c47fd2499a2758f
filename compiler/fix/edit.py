"""Edit a spec's text at one place; every other byte stays unchanged."""

from __future__ import annotations

import re
from collections.abc import Callable

from compiler.diagnostics.fix import Edit, Fix
from compiler.document.lines import line_ends, lines
from compiler.document.span import Span
from compiler.fix.fragment import quoted, written

_BOM = b"\xef\xbb\xbf"


def edited(data: bytes, fix: Fix) -> bytes:
    """The bytes of a spec after one edit; unchanged if the edit is not possible."""
    bom = _BOM if data.startswith(_BOM) else b""
    text = data[len(bom) :].decode()
    of_text, ends = lines(text), line_ends(text)
    match fix.edit:
        case Edit.INSERT:
            _insert(of_text, ends, fix)
        case Edit.REMOVE:
            _remove(of_text, ends, fix.span)
        case Edit.QUOTE:
            _replace(of_text, fix.span, quoted)
        case Edit.WRITE:
            _replace(of_text, fix.span, lambda old: _replacement(fix.text, old))
    return bom + "".join(map("".join, zip(of_text, ends, strict=True))).encode()


def _insert(lines: list[str], ends: list[str], fix: Fix) -> None:
    """Insert a line, with the end of the first line."""
    at = min(fix.span.line - 1, len(lines))
    lines.insert(at, written(fix.text))
    # The last line has no end, so the line end goes before the new line then.
    ends.insert(min(at, len(ends) - 1), ends[0] or "\n")


def _replacement(text: str, old: str) -> str:
    # An empty value starts directly after its colon.
    return written(text, old) if old else f" {written(text)}"


def _replace(lines: list[str], span: Span, text: Callable[[str], str]) -> None:
    line = lines[span.line - 1]
    start, end = span.column - 1, span.end_column - 1
    lines[span.line - 1] = line[:start] + text(line[start:end]) + line[end:]


def _remove(lines: list[str], ends: list[str], span: Span) -> None:
    """Remove an entry: its whole lines, or its place in `[...]` or `{...}`."""
    first_line, last_line = span.line - 1, span.end_line - 1
    before = lines[first_line][: span.column - 1]
    if before.strip() in ("", "-"):
        rest = lines[last_line][span.end_column - 1 :]
        if last_line > first_line and not lines[last_line][: span.end_column - 1].strip():
            # A block's span ends at the start of the next block.
            last_line, rest = _before(lines, last_line), ""
        if re.fullmatch(r"\s*(#.*)?", rest):
            del lines[first_line : last_line + 1]
            del ends[first_line : last_line + 1]
    elif first_line == last_line:
        lines[first_line] = _without(lines[first_line], span.column - 1, span.end_column - 1)


def _before(lines: list[str], index: int) -> int:
    """The last line before `index` that is neither empty nor a comment."""
    index -= 1
    while not lines[index].strip() or lines[index].lstrip().startswith("#"):
        index -= 1
    return index


def _without(line: str, start: int, end: int) -> str:
    """The line without one of the entries between brackets, and without the comma of the entry."""
    comma = re.match(r"\s*,\s*", line[end:])
    if comma:
        return line[:start] + line[end + comma.end() :]
    before = line[:start].rstrip()
    return (before[:-1].rstrip() if before.endswith(",") else line[:start]) + line[end:]
