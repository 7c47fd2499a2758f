"""Show how the compiled tree on disk differs from a tree, as a unified diff."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import unified_diff

from compiler.diagnostics.masking import masked
from compiler.files import Folder, UnsafePathError
from compiler.text import log_line
from compiler.write import SUMS
from compiler.write.plan import Plan

MOST_LINES = 500
_MOST_BYTES = 2**20  # the size up to which the lines of a file are compared


def difference(planned: Plan, tree: Mapping[str, str], root: Folder) -> str:
    """The diff that `compile` would make, cut after MOST_LINES."""
    lines: list[str] = []
    for line in _lines(planned, tree, root):
        if len(lines) == MOST_LINES:
            lines.append("... and more lines")
            break
        lines.append(log_line(masked(line)))
    return "".join(f"{line}\n" for line in lines)


def _lines(planned: Plan, tree: Mapping[str, str], root: Folder) -> Iterator[str]:
    for path in sorted({*planned.write, *planned.remove, *planned.edited}):
        if path not in tree:
            # Not shown: an author of the tree may have written any name into the list of files.
            yield from () if path == SUMS else (f"--- a/{path} is no longer part of the output",)
            continue
        try:
            old = (root.read_if_there(path, _MOST_BYTES) or b"").decode("utf-8", "replace")
        except UnsafePathError as error:
            yield f"--- a/{path}: {error}"
            continue
        new = tree[path]
        if len(new) > _MOST_BYTES:
            yield f"+++ b/{path}: changed, and too large to show how"
            continue
        names = f"a/{path}", f"b/{path}"
        yield from unified_diff(old.split("\n"), new.split("\n"), *names, lineterm="")
