"""A diff for a pull request: a table for each environment, the highest risk first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from compiler.diff import Change
from compiler.diff.wording import causes, field_lines, reasons, summary, ways
from compiler.model.effects import Risk
from compiler.text import markdown_cell, markdown_code

_MARKS = {
    Risk.DATA_LOSS: "🛑",
    Risk.DOWNTIME: "⚠️",
    Risk.RESTART: "🔄",
    Risk.RELOAD: "⚙️",
    Risk.NO_OP: "➖",
}
_MOST = 60_000  # characters: code hosts refuse longer comments (GitHub's limit is 65,536)


def render(changes: Sequence[Change]) -> str:
    text = "".join(f"{line}\n" for line in _lines(changes))
    if len(text) <= _MOST:
        return text
    cut = text[: text.rfind("\n", 0, _MOST)]
    return f"{cut}\n\nThe rest is too long for a comment: run `platformc diff`.\n"


def _lines(changes: Sequence[Change]) -> Iterator[str]:
    yield "### What this changes"
    yield ""
    yield f"**{summary(changes)}**"
    for environment, group in groupby(changes, key=lambda change: change.environment):
        of_environment = list(group)
        yield ""
        yield f"#### {environment}: {summary(of_environment)}"
        yield ""
        yield "| Component | Risk | Object | What changes | Cause |"
        yield "| --- | --- | --- | --- | --- |"
        for change in of_environment:
            yield _row(change)


def _row(change: Change) -> str:
    text = [markdown_code(line) for line in field_lines(change)]
    text += [f"because {markdown_cell(reason)}" for reason in reasons(change)]
    text += [f"to do it: {markdown_cell(way)}" for way in ways(change)]
    cells = [
        markdown_cell(change.component),
        f"{_MARKS[change.risk]} {change.label}",
        f"{markdown_cell(change.title)} {change.action}",
        "<br>".join(text),
        markdown_cell(causes(change)),
    ]
    return f"| {' | '.join(cells)} |"
