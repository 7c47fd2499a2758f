"""Render a diff for a pull request: a table for each environment, the highest risk first."""

from __future__ import annotations

from collections.abc import Sequence

from compiler.diff import Change
from compiler.diff.grouping import Block, Entry, grouped
from compiler.diff.wording import PERMISSIONS, STRAYS, causes, field_lines, summary, verdict
from compiler.model.effects import Risk
from compiler.text import markdown_cell, markdown_code

_MARKS = {
    Risk.DATA_LOSS: "🛑",
    Risk.DOWNTIME: "⚠️",
    Risk.RESTART: "🔄",
    Risk.RELOAD: "⚙️",
    Risk.NO_OP: "➖",
}
_MOST_CHARACTERS = 60_000  # code hosts refuse longer comments (GitHub's limit is 65,536)
_NOTICE = 200  # characters that are kept free for the sentence about the rest
_MOST_LISTED, _LONGEST = 50, 200  # entries of a list, and characters of each
_HEADER = ("| Risk | Cause | Objects | Why, and what to do | Environments |\n"
           "| --- | --- | --- | --- | --- |\n")  # fmt: skip


def render(
    changes: Sequence[Change], strays: Sequence[str] = (), permissions: Sequence[str] = ()
) -> str:
    lists = f"{_listed(f'⚠️ **{PERMISSIONS}**', permissions)}{_listed(f'🛑 **{STRAYS}**', strays)}"
    head = f"### What this changes\n\n**{summary(changes)}**\n{lists}"
    blocks = [block for group in grouped(changes) for block in group.blocks]
    blocks.sort(key=lambda block: -block.risk)
    if not blocks:
        return head
    rows = [_row(block) for block in blocks]
    table = f"\n{_HEADER}{_fitting(rows, _MOST_CHARACTERS - len(head) - len(_HEADER), 'Rows')}"
    details = [_details(block) for block in blocks if any(map(_fields, block.entries))]
    room = _MOST_CHARACTERS - len(head) - len(table) - _NOTICE
    listed = _fitting(details, room, "Lists of fields") if details and room > 0 else ""
    folded = f"\n<details><summary>Every field</summary>\n\n{listed}\n</details>\n"
    return f"{head}{table}{folded if listed else ''}"


def _listed(title: str, entries: Sequence[str]) -> str:
    if not entries:
        return ""
    lines = "".join(f"- {markdown_code(entry[:_LONGEST])}\n" for entry in entries[:_MOST_LISTED])
    unlisted = len(entries) - _MOST_LISTED
    return f"\n{title}:\n\n{lines}{f'- and {unlisted} more' if unlisted > 0 else ''}\n"


def _fitting(parts: Sequence[str], room: int, counted: str) -> str:
    """The first parts that fit into the room, and the number of parts that are left out."""
    text = ""
    for index, part in enumerate(parts):
        if len(text) + len(part) > room - _NOTICE:
            omitted = len(parts) - index
            return (
                f"{text}\n{counted} that did not fit, of what matters least: {omitted}. `platformc diff` prints them "
                "for the same two specs.\n"
            )
        text += part
    return text


def _row(block: Block) -> str:
    label, reasons, remedies = verdict(block.entries[0].change)
    reason_lines = [
        *map(markdown_cell, reasons),
        *(f"to do it: {markdown_cell(instruction)}" for instruction in remedies),
    ]
    cells = [
        f"{_MARKS[block.risk]} {label}",
        markdown_cell(causes(block.causes)),
        "<br>".join(markdown_cell(entry.title) for entry in block.entries),
        "<br>".join(reason_lines),
        "<br>".join(dict.fromkeys(", ".join(entry.environments) for entry in block.entries)),
    ]
    return f"| {' | '.join(cells)} |\n"


def _details(block: Block) -> str:
    lines = [f"- **{markdown_cell(causes(block.causes))}**\n"]
    for entry in block.entries:
        fields = _fields(entry)
        if fields:
            lines.append(f"  - {markdown_cell(entry.title)}\n")
            lines += [f"    - {line}\n" for line in fields]
    return "".join(lines)


def _fields(entry: Entry) -> list[str]:
    return [markdown_code(line) for line in field_lines(entry.change) if line.strip()]
