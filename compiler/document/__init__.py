"""Represent the parsed spec as a tree in which every key and value has its position in the file."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from msgspec import Struct

from compiler.document.span import Span

Path = tuple[str | int, ...]


class Node(Struct, frozen=True, eq=False, array_like=True):
    """One value. `value` is a dict or list of nodes, or a scalar; `keys` has the position of each
    key.

    Nodes are compared by identity: environments that override nothing below a node share it, so
    results that were computed from it can be shared as well.
    """

    value: dict[str, Node] | list[Node] | str | int | float | bool | None
    span: Span
    keys: dict[str, Span]

    def plain(self, unread: Collection[str] = ()) -> Any:
        """The value without positions; of the values at the keys in `unread`, only their keys."""
        if isinstance(self.value, dict):
            return {
                key: node.outline() if key in unread else node.plain()
                for key, node in self.value.items()
            }
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def outline(self) -> Any:
        """The keys of the value, with nothing below them."""
        return dict.fromkeys(self.value) if isinstance(self.value, dict) else self.plain()

    def child(self, key: str | int) -> Node | None:
        """The node below `key`, or None."""
        if isinstance(self.value, dict) and isinstance(key, str):
            return self.value.get(key)
        if isinstance(self.value, list) and isinstance(key, int) and key < len(self.value):
            return self.value[key]
        return None

    def at(self, path: Path) -> Node:
        """The node at `path`, or the deepest existing node on the way there."""
        node = self
        for key in path:
            below = node.child(key)
            if below is None:
                break
            node = below
        return node

    def span_of(self, path: Path) -> Span:
        """The position of `path`: the key of its last part, or the value if it has no key."""
        node, span = self, self.span
        for key in path:
            below = node.child(key)
            if below is None:
                break
            span = node.keys.get(key, below.span) if isinstance(key, str) else below.span
            node = below
        return span

    def value_span(self, path: Path) -> Span:
        """The position of the value at `path`; of its key if the value is missing or spans lines."""
        node: Node | None = self
        for key in path:
            node = node.child(key) if node else None
        if node is None or node.span.line != node.span.end_line:
            return self.span_of(path)
        return node.span

    def entry_span(self, path: Path) -> Span:
        """The stretch from the position of `path` to the end of its value."""
        return self.span_of(path).to(self.at(path).span)

    def has_both(self, key: str, right_key: str) -> bool:
        """Whether the map in the file that has one key has the other too."""
        return key in self.keys and right_key in self.keys

    @property
    def written(self) -> bool:
        """Whether the value has any text: an empty `key:` has none."""
        span = self.span
        return (span.line, span.column) != (span.end_line, span.end_column)

    @property
    def flow(self) -> bool:
        """Whether a mapping is written in braces; a block starts with its first key."""
        first_key = next(iter(self.keys.values()), self.span)
        return (first_key.line, first_key.column) != (self.span.line, self.span.column)

    def entries(self) -> Iterator[tuple[str, Node]]:
        """The pairs of a mapping in their order in the file; none for other values."""
        if isinstance(self.value, dict):
            yield from self.value.items()


class MergedNode(Node, frozen=True, eq=False, array_like=True):
    """A map with the keys of two maps of the file: the base's, and an environment's override."""

    base_keys: dict[str, Span]
    override_keys: dict[str, Span]

    def has_both(self, key: str, right_key: str) -> bool:
        """Whether one of the two maps has both keys: a misspelt key of one may mean a key of the other."""
        return any(
            key in keys and right_key in keys for keys in (self.base_keys, self.override_keys)
        )
