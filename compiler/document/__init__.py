"""The spec as text made it: a tree in which every key and every value knows its place."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from msgspec import Struct

from compiler.document.span import Span

Path = tuple[str | int, ...]


class Node(Struct, frozen=True, eq=False, array_like=True):
    """One value. `value` is a dict or list of nodes, or a scalar; `keys` has the place of each key.

    Nodes are compared by identity: environments that override nothing below a node share it, and
    what was made from it once need not be made again.
    """

    value: dict[str, Node] | list[Node] | str | int | float | bool | None
    span: Span
    keys: dict[str, Span]

    def plain(self, unread: Collection[str] = ()) -> Any:
        """The value without its places; below the keys in `unread`, no more than an outline."""
        if isinstance(self.value, dict):
            return {
                key: node.outline() if key in unread else node.plain()
                for key, node in self.value.items()
            }
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def outline(self) -> Any:
        """The value's own keys, with nothing below them."""
        return dict.fromkeys(self.value) if isinstance(self.value, dict) else self.plain()

    def child(self, key: str | int) -> Node | None:
        """The node below `key`, or None where there is none."""
        if isinstance(self.value, dict) and isinstance(key, str):
            return self.value.get(key)
        if isinstance(self.value, list) and isinstance(key, int) and key < len(self.value):
            return self.value[key]
        return None

    def at(self, path: Path) -> Node:
        """The node at `path`, or the deepest one on the way there."""
        node = self
        for key in path:
            below = node.child(key)
            if below is None:
                break
            node = below
        return node

    def span_of(self, path: Path) -> Span:
        """Where `path` is written: the key of its last part, or the value where no key has it."""
        node, span = self, self.span
        for key in path:
            below = node.child(key)
            if below is None:
                break
            span = node.keys.get(key, below.span) if isinstance(key, str) else below.span
            node = below
        return span

    def value_span(self, path: Path) -> Span:
        """Where the value at `path` is written; a key, where it spans lines or is not written."""
        node: Node | None = self
        for key in path:
            node = node.child(key) if node else None
        if node is None or node.span.line != node.span.end_line:
            return self.span_of(path)
        return node.span

    def entry_span(self, path: Path) -> Span:
        """From where `path` is written to the end of all that is below it."""
        return self.span_of(path).to(self.at(path).span)

    @property
    def written(self) -> bool:
        """Whether anything stands there: behind a bare `key:` there is nothing."""
        span = self.span
        return (span.line, span.column) != (span.end_line, span.end_column)

    @property
    def flow(self) -> bool:
        """Whether a mapping is written in braces: a block begins with its first key."""
        first = next(iter(self.keys.values()), self.span)
        return (first.line, first.column) != (self.span.line, self.span.column)

    def entries(self) -> Iterator[tuple[str, Node]]:
        """The pairs of a mapping, in the order written; nothing for anything else."""
        if isinstance(self.value, dict):
            yield from self.value.items()
