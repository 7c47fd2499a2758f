"""Keys that stand beside an empty key and belong below it: they are not indented far enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile

from compiler.document import Node


def outdented(node: Node, key: str, belongs: Callable[[str], bool]) -> tuple[str, ...]:
    """The keys after an empty one that belong below it, but stand in its own column."""
    child = node.child(key)
    if child is None or child.value is not None or child.written or node.flow:
        return ()
    names = [name for name, _ in node.entries()]
    return tuple(takewhile(belongs, names[names.index(key) + 1 :]))


def indent(keys: Sequence[str], parent: str) -> str:
    """The help for such keys."""
    quoted = ", ".join(f"`{key}:`" for key in keys)
    return f"indent {quoted} below `{parent}:`"
