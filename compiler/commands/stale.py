"""How the files on disk differ from a tree, as a unified diff."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import unified_diff
from pathlib import Path

from compiler.write import SUMS, Plan

MOST_LINES = 500


def difference(planned: Plan, tree: Mapping[str, str], root: Path) -> str:
    """The diff that `compile` would make, cut where nobody would read on."""
    lines = list(_lines(planned, tree, root))
    if len(lines) > MOST_LINES:
        more = len(lines) - MOST_LINES
        lines = [*lines[:MOST_LINES], f"... and {more} lines more\n"]
    return "".join(lines)


def _lines(planned: Plan, tree: Mapping[str, str], root: Path) -> Iterator[str]:
    for path in sorted({*planned.write, *planned.remove, *planned.edited}):
        if path == SUMS:
            continue
        old = _read(root / path)
        new = tree.get(path, "")
        for line in unified_diff(
            old.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{path}", f"b/{path}"
        ):
            yield line if line.endswith("\n") else f"{line}\n"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return ""
