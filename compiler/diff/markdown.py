"""A diff for a pull request: a table for each environment, the highest risk first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from compiler.diff import Change
from compiler.diff.wording import causes, field_lines, reasons, summary, ways
from compiler.model.effects import Risk

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
    details = [*field_lines(change)]
    text = [f"`{line.strip()}`" if line.strip() else "" for line in map(_code, details)]
    text += [f"because {reason}" for reason in map(_cell, reasons(change))]
    text += [f"to do it: {way}" for way in map(_cell, ways(change))]
    cells = [
        _cell(change.component),
        f"{_MARKS[change.risk]} {change.label}",
        f"{_cell(change.title)} {change.action}",
        "<br>".join(text),
        _cell(causes(change)),
    ]
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """Escape text of the spec for a table cell, so that it adds no column, tag or line."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return " ".join(escaped.split()).replace("|", "\\|").replace("@", "@\u200b")


def _code(text: str) -> str:
    return text.replace("`", "'").replace("|", "\\|")
