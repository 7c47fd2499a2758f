"""Show how the compiled tree on disk differs from a tree, as a unified diff."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from difflib import unified_diff

from compiler.diagnostics.masked_files import MaskedFiles
from compiler.files import Folder, UnsafePathError
from compiler.text import log_line
from compiler.write import SUMS
from compiler.write.plan import Plan

MOST_LINES = 500
_UNENDED = "\\ No newline at end of file"
_POSITIONS = 8  # of equal lines that are looked at
_MOST_BYTES = 2**20  # the size up to which the lines of a file are compared


def difference(planned: Plan, tree: Mapping[str, str], root: Folder) -> str:
    """The diff that `compile` would make, cut after MOST_LINES."""
    lines: list[str] = []
    for line in _lines(planned, tree, root):
        if len(lines) == MOST_LINES:
            lines.append("... and more lines")
            break
        lines.append(log_line(line))
    return "".join(f"{line}\n" for line in lines)


def _lines(planned: Plan, tree: Mapping[str, str], root: Folder) -> Iterator[str]:
    for path in sorted({*planned.write, *planned.remove, *planned.edited}):
        if path not in tree:
            # Not shown: an author of the tree may have written any name into the list of files.
            yield from () if path == SUMS else (f"--- a/{path} is no longer part of the output",)
            continue
        try:
            data = root.read_if_there(path, _MOST_BYTES)
        except UnsafePathError as error:
            yield f"--- a/{path}: {error}"
            continue
        new = tree[path]
        if len(new) > _MOST_BYTES:
            yield f"+++ b/{path}: changed, and too large to show how"
            continue
        old = (data or b"").decode("utf-8", "replace")
        hide = _line_masks(old.split("\n"), new.split("\n"))
        names = "/dev/null" if data is None else f"a/{path}", f"b/{path}"
        for line in unified_diff(_ended_lines(old), _ended_lines(new), *names, lineterm=""):
            shown, *mark = line.split("\n")
            yield f"{shown[:1]}{hide(shown[1:])}"
            yield from mark


def _ended_lines(text: str) -> list[str]:
    """The lines of a text. A last line without an end has the mark of git and diff behind it."""
    *lines, rest = text.split("\n")
    return [*lines, f"{rest}\n{_UNENDED}"] if rest else lines


def _line_masks(*texts: list[str]) -> Callable[[str], str]:
    """Mask a line of these texts as diagnostics mask the lines that they quote, by the lines around it."""
    files = MaskedFiles({str(index): lines for index, lines in enumerate(texts)}, {}, {})
    positions: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for index, lines in enumerate(texts):
        for number, line in enumerate(lines, 1):
            if len(positions[line]) < _POSITIONS:
                positions[line].append((str(index), number))

    def mask(line: str) -> str:
        masks = (files.line(*position) for position in positions.get(line, ()))
        return next((masked.text for masked in masks if masked and masked.hidden), line)

    return mask
