"""Render a diff for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compiler.diagnostics.text import Style
from compiler.diff import Change
from compiler.diff.grouping import Entry, Group, grouped
from compiler.diff.wording import PERMISSIONS, STRAYS, causes, field_lines, summary, verdict
from compiler.model.effects import Risk
from compiler.text import log_line

_COLOURS = {
    Risk.DATA_LOSS: "1;31",
    Risk.DOWNTIME: "31",
    Risk.RESTART: "33",
    Risk.RELOAD: "36",
    Risk.NO_OP: "2",
}


def render(
    changes: Sequence[Change],
    strays: Sequence[str] = (),
    permissions: Sequence[str] = (),
    style: Style | None = None,
) -> str:
    lines = [
        *_lines(changes, style or Style()),
        *_listed(PERMISSIONS, permissions),
        *_listed(STRAYS, strays),
    ]
    return "".join(f"{line}\n" for line in lines)


def _listed(title: str, entries: Sequence[str]) -> Iterator[str]:
    if entries:
        yield ""
        yield f"{title}:"
        yield from (f"  {log_line(entry)}" for entry in entries)


def _lines(changes: Sequence[Change], style: Style) -> Iterator[str]:
    everywhere = tuple(sorted({change.environment for change in changes}))
    scope = f" (in {', '.join(everywhere)})" if everywhere else ""
    yield f"in all: {summary(changes)}{scope}"
    for group in grouped(changes):
        yield ""
        yield style(f"from {log_line(causes(group.causes))}", "1")
        yield from (f"  {line}" for line in _group(group, everywhere, style))


def _group(group: Group, everywhere: tuple[str, ...], style: Style) -> Iterator[str]:
    for block in group.blocks:
        label, reasons, remedies = verdict(block.entries[0].change)
        because = f" because {'; '.join(reasons)}" if reasons else ""
        yield f"{style(f'[{label}]', _COLOURS[block.risk])}{log_line(because)}"
        for entry in block.entries:
            yield from (f"  {line}" for line in _entry(entry, everywhere, style))
        for remedy in remedies:
            yield f"  to do it: {log_line(remedy)}"


def _entry(entry: Entry, everywhere: tuple[str, ...], style: Style) -> Iterator[str]:
    limited = f", in {', '.join(entry.environments)}" if entry.environments != everywhere else ""
    yield log_line(f"{entry.title}{limited}")
    for line in field_lines(entry.change):
        yield f"  {_signed(log_line(line), style)}"


def _signed(line: str, style: Style) -> str:
    """A line of a file, in the colour of an added or removed line."""
    colour = {"+": "32", "-": "31"}.get(line.strip()[:1])
    return style(line, colour) if colour else line
