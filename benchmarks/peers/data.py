"""A chart as a program that computes data: the common part of Jsonnet and CUE."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Protocol

from benchmarks.template import Labels, Node, Selector, Text, Value, When


class Syntax(Protocol):
    """A language's form of computed values."""

    def value(self, value: Value) -> str:
        """A value."""

    def text(self, text: Text) -> str:
        """A string with values in it."""

    def labels(self, labels: Labels, added: str) -> str:
        """The labels of everything, and more."""

    def selector(self, selector: Selector) -> str:
        """The labels that select pods."""

    def field(self, key: str, flag: Value | None, node: str) -> str:
        """A field, which may depend on a condition."""

    def list(self, items: list[tuple[Value | None, str]]) -> str:
        """A list, some of whose items may depend on a condition."""


def written(node: Node, syntax: Syntax) -> str:
    """One expression for a template."""
    if isinstance(node, Value):
        return syntax.value(node)
    if isinstance(node, Text):
        return syntax.text(node)
    if isinstance(node, Labels):
        return syntax.labels(node, fields(node.added, syntax))
    if isinstance(node, Selector):
        return syntax.selector(node)
    if isinstance(node, Mapping):
        return f"{{{fields(node, syntax)}}}"
    if isinstance(node, list):
        return syntax.list([(flag, written(item, syntax)) for flag, item in map(_when, node)])
    return json.dumps(node, ensure_ascii=False)


def fields(node: Mapping[str, Node], syntax: Syntax) -> str:
    return ", ".join(_fields(node, syntax))


def _fields(node: Mapping[str, Node], syntax: Syntax) -> Iterator[str]:
    for key, item in node.items():
        flag, inner = _when(item)
        yield syntax.field(json.dumps(key), flag, written(inner, syntax))


def _when(node: Node) -> tuple[Value | None, Node]:
    return (node.flag, node.node) if isinstance(node, When) else (None, node)
