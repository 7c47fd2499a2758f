"""Find keys that belong below an empty key but stand in its column, not indented far enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile

from compiler.document import Node


def outdented(node: Node, key: str, belongs: Callable[[str], bool]) -> tuple[str, ...]:
    """The keys that follow an empty key in its column and belong below it."""
    child = node.child(key)
    if child is None or child.value is not None or child.written or node.flow:
        return ()
    names = [name for name, _ in node.entries()]
    return tuple(takewhile(belongs, names[names.index(key) + 1 :]))


def indent(keys: Sequence[str], parent: str) -> str:
    """The help for keys that belong below another one."""
    quoted = ", ".join(f"`{key}:`" for key in keys)
    return f"indent {quoted} below `{parent}:`"
