"""Render diagnostics for people: the line of the spec, a caret, and the text to type instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from msgspec import Struct

from compiler.diagnostics import Diagnostic, Severity
from compiler.diagnostics.masked_files import MaskedFiles, masked_files
from compiler.diagnostics.masking import Words, messages_masked, no_words
from compiler.document.span import Span
from compiler.text import printable

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.NOTE: "36"}


class Style(Struct, frozen=True):
    """Colours on a terminal, no colours elsewhere."""

    colour: bool = False

    def __call__(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text


def render(
    diagnostics: Iterable[Diagnostic],
    sources: Mapping[str, str],
    words: Words = no_words,
    style: Style | None = None,
) -> str:
    """Each diagnostic as a block, with blank lines between blocks; then the count of each severity.

    Errors come last, next to the prompt. Many diagnostics that differ only in their subject share a
    block, which names the other subjects.
    """
    style = style or Style()
    masked = messages_masked(diagnostics, sources, words)
    quoted = masked_files(sources, masked)
    blocks = [_block(alike, quoted, style) for alike in _folded(masked)]
    if masked:
        blocks.append(_summary(masked))
    return "\n".join(blocks)


def _summary(diagnostics: list[Diagnostic]) -> str:
    counts = [(s, sum(diagnostic.severity is s for diagnostic in diagnostics)) for s in Severity]
    words = [f"{count} {severity}{'s' if count > 1 else ''}" for severity, count in counts if count]
    return f"{', '.join(words)}\n"


_UNFOLDED = 3  # alike diagnostics that are printed one by one
_NAMED = 12  # the others of a block that are named
_SUBJECT = re.compile(r"`[^`]*`")


def _folded(diagnostics: list[Diagnostic]) -> list[list[Diagnostic]]:
    """The diagnostics of each block, errors last."""
    alike: dict[object, list[tuple[int, Diagnostic]]] = {}
    for position, diagnostic in enumerate(diagnostics):
        kind = _SUBJECT.sub("", diagnostic.message)
        cause = diagnostic.code, kind, _help_without_subject(diagnostic), diagnostic.environments
        alike.setdefault(cause, []).append((position, diagnostic))
    groups = [[member] for group in alike.values() if len(group) <= _UNFOLDED for member in group]
    groups += [group for group in alike.values() if len(group) > _UNFOLDED]
    groups.sort(key=lambda group: (group[0][1].severity is Severity.ERROR, group[0][0]))
    return [[diagnostic for _, diagnostic in group] for group in groups]


def _help_without_subject(diagnostic: Diagnostic) -> tuple[str, ...]:
    """The help with a mark for the subject of the message, which may be in the text to type."""
    match = _SUBJECT.search(diagnostic.message)
    if match is None or not match[0].strip("`"):
        return diagnostic.help
    name = re.compile(rf"(?<![\w-]){re.escape(match[0].strip('`'))}(?![\w-])")
    return tuple(name.sub("\0", line) for line in diagnostic.help)


def _further(alike: list[Diagnostic]) -> str:
    """The subjects and places of a block's further diagnostics."""
    named = [_subject(diagnostic) for diagnostic in alike[1 : _NAMED + 1]]
    unnamed = len(alike) - 1 - len(named)
    rest = f" and {unnamed} more" if unnamed else ""
    return f"{len(alike)} times; also {', '.join(named)}{rest}"


def _subject(diagnostic: Diagnostic) -> str:
    match = _SUBJECT.search(diagnostic.message)
    name = printable(match[0]) if match else "another"
    span = diagnostic.span
    return f"{name} ({span.file}:{span.line})" if span else name


def _block(alike: list[Diagnostic], quoted: MaskedFiles, style: Style) -> str:
    """The lines of alike diagnostics: message, excerpt, related places, help and the page."""
    diagnostic = alike[0]
    colour = f"1;{_COLOURS[diagnostic.severity]}"
    head = style(f"{diagnostic.severity}[{diagnostic.code}]", colour)
    lines = [f"{head}: {style(printable(diagnostic.message), '1')}"]
    margin = _margin(diagnostic)
    edge = style("|", "34")
    if diagnostic.span is not None:
        lines += _excerpt("-->", diagnostic.span, quoted, margin, style, colour)
    for related in diagnostic.related:
        lines.append(f"{' ' * margin} {edge}")
        lines.append(f"{' ' * margin} {style('=', '34')} {printable(related.message)}:")
        lines += _excerpt(":::", related.span, quoted, margin, style, "34")
    notes = [f"help: {printable(line)}" for line in diagnostic.help]
    if len(alike) > 1:
        notes.append(_further(alike))
    if diagnostic.environments:
        notes.append(f"in: {', '.join(diagnostic.environments)}")
    notes.append(f"explain: platformc explain {diagnostic.code}")
    lines.append(f"{' ' * margin} {edge}")
    lines += [f"{' ' * margin} {style('=', '34')} {note}" for note in notes]
    return "\n".join(lines) + "\n"


def _margin(diagnostic: Diagnostic) -> int:
    spans = [diagnostic.span, *(related.span for related in diagnostic.related)]
    return max(len(str(span.line)) for span in spans if span) if any(spans) else 1


def _excerpt(
    arrow: str,
    span: Span,
    quoted: MaskedFiles,
    margin: int,
    style: Style,
    colour: str,
) -> list[str]:
    """A line of the spec with its number, and a caret below the marked place."""
    edge = style("|", "34")
    lines = [f"{' ' * margin}{style(arrow, '34')} {printable(span.file)}:{span.line}:{span.column}"]
    line = quoted.line(span.file, span.line)
    if line is None:
        return lines
    before = printable(line.text[: line.column(span.column - 1)])
    end = line.column(span.end_column - 1) if span.end_line == span.line else len(line.text)
    marked = printable(line.text)[len(before) : len(printable(line.text[:end]))]
    excerpt, start = _clipped(printable(line.text), len(before))
    width = max(1, min(len(marked), len(excerpt) - start))
    gutter = style(f"{span.line:>{margin}} |", "34")
    pad = "".join("\t" if char == "\t" else " " for char in excerpt[:start])
    return [
        *lines,
        f"{' ' * margin} {edge}",
        f"{gutter} {excerpt}",
        f"{' ' * margin} {edge} {pad}{style('^' * width, colour)}",
    ]


def _clipped(line: str, start: int, width: int = 120) -> tuple[str, int]:
    """A long line, cut around the marked place."""
    if len(line) <= width:
        return line, min(start, len(line))
    offset = max(0, min(start - 20, len(line) - width))
    excerpt = ("..." if offset else "") + line[offset : offset + width]
    tail = "..." if offset + width < len(line) else ""
    return excerpt + tail, start - offset + (3 if offset else 0)
