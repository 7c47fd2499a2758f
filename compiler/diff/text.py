"""A diff for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from compiler.diff import Change
from compiler.diff.wording import causes, field_lines, reasons, summary, ways
from compiler.text import log_line


def render(changes: Sequence[Change]) -> str:
    return "".join(f"{log_line(line)}\n" for line in _lines(changes))


def _lines(changes: Sequence[Change]) -> Iterator[str]:
    for environment, group in groupby(changes, key=lambda change: change.environment):
        of_environment = list(group)
        yield f"{environment}: {summary(of_environment)}"
        for component, of_component in groupby(of_environment, key=lambda change: change.component):
            yield f"  {component}"
            for change in of_component:
                yield from (f"    {line}" for line in _change(change))
        yield ""
    yield f"in all: {summary(changes)}"


def _change(change: Change) -> Iterator[str]:
    yield f"[{change.label}] {change.title} {change.action}"
    for line in field_lines(change):
        yield f"  {line}"
    for reason in reasons(change):
        yield f"  because {reason}"
    if change.causes:
        yield f"  from {causes(change)}"
    for way in ways(change):
        yield f"  to do it: {way}"
