"""Diagnostics for people: the masked_files line, a caret, what to type instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from compiler.diagnostics import Diagnostic, Severity
from compiler.diagnostics.masking import MaskedFiles, masked_files, messages_masked
from compiler.document.span import Span

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.NOTE: "36"}


class Style(Struct, frozen=True):
    """Colours on a terminal, none elsewhere."""

    colour: bool = False

    def __call__(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text


def render(
    diagnostics: Iterable[Diagnostic],
    sources: Mapping[str, str],
    style: Style | None = None,
) -> str:
    """Each diagnostic as a block, a blank line between; then how many there are."""
    style = style or Style()
    found = [messages_masked(one) for one in diagnostics]
    quoted = masked_files(sources, found)
    blocks = [_block(one, quoted, style) for one in found]
    if found:
        blocks.append(_summary(found))
    return "\n".join(blocks)


def _summary(found: list[Diagnostic]) -> str:
    counts = [(s, sum(one.severity is s for one in found)) for s in Severity]
    words = [f"{count} {severity}{'s' if count > 1 else ''}" for severity, count in counts if count]
    return f"{', '.join(words)}\n"


def _block(found: Diagnostic, quoted: MaskedFiles, style: Style) -> str:
    colour = f"1;{_COLOURS[found.severity]}"
    head = style(f"{found.severity}[{found.code}]", colour)
    lines = [f"{head}: {style(printable(found.message), '1')}"]
    margin = _margin(found)
    edge = style("|", "34")
    if found.span is not None:
        lines += _place("-->", found.span, quoted, margin, style, colour)
    for related in found.related:
        lines.append(f"{' ' * margin} {edge}")
        lines.append(f"{' ' * margin} {style('=', '34')} {printable(related.message)}:")
        lines += _place(":::", related.span, quoted, margin, style, "34")
    notes = [f"help: {printable(line)}" for line in found.help]
    if found.environments:
        notes.append(f"in: {', '.join(found.environments)}")
    notes.append(f"explain: platformc explain {found.code}")
    lines.append(f"{' ' * margin} {edge}")
    lines += [f"{' ' * margin} {style('=', '34')} {note}" for note in notes]
    return "\n".join(lines) + "\n"


def _margin(found: Diagnostic) -> int:
    spans = [found.span, *(related.span for related in found.related)]
    return max(len(str(span.line)) for span in spans if span) if any(spans) else 1


def _place(
    arrow: str,
    span: Span,
    quoted: MaskedFiles,
    margin: int,
    style: Style,
    colour: str,
) -> list[str]:
    edge = style("|", "34")
    lines = [f"{' ' * margin}{style(arrow, '34')} {span.file}:{span.line}:{span.column}"]
    line = quoted.line(span.file, span.line)
    if line is None:
        return lines
    before = printable(line.text[: line.column(span.column - 1)])
    last = line.column(span.end_column - 1) if span.end_line == span.line else len(line.text)
    marked = printable(line.text)[len(before) : len(printable(line.text[:last]))]
    shown, start = _clipped(printable(line.text), len(before))
    width = max(1, min(len(marked), len(shown) - start))
    gutter = style(f"{span.line:>{margin}} |", "34")
    pad = "".join("\t" if char == "\t" else " " for char in shown[:start])
    return [
        *lines,
        f"{' ' * margin} {edge}",
        f"{gutter} {shown}",
        f"{' ' * margin} {edge} {pad}{style('^' * width, colour)}",
    ]


def _clipped(line: str, start: int, width: int = 120) -> tuple[str, int]:
    """A long line cut around the place that matters."""
    if len(line) <= width:
        return line, min(start, len(line))
    left = max(0, min(start - 20, len(line) - width))
    shown = ("..." if left else "") + line[left : left + width]
    tail = "..." if left + width < len(line) else ""
    return shown + tail, start - left + (3 if left else 0)


def printable(text: str) -> str:
    """Text without control characters, which could rewrite the terminal."""
    return "".join(
        char if char == "\t" or char.isprintable() else f"\\u{ord(char):04x}" for char in text
    )
