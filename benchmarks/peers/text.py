"""A chart as text with expressions in it: the common part of Helm's and Jinja2's templates."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from benchmarks.template import Labels, Name, Node, Part, Selector, Text, Value, When
from compiler.kube import yaml


class Syntax(Protocol):
    """A template language's form of computed values."""

    def value(self, value: Value) -> str:
        """A value's text."""

    def name(self, instance: str | Value) -> str:
        """An instance's name."""

    def selector(self, instance: str | Value, component: str, pad: int) -> str:
        """The line that stands for the labels that select pods."""

    def labels(self, instance: str | Value, name: str, pad: int) -> str:
        """The line that stands for the labels of everything."""

    def when(self, flag: Value) -> str:
        """The line that opens a condition."""

    @property
    def end(self) -> str:
        """The line that closes one."""

    def literal(self, text: str) -> str:
        """Text that must not be taken for the language's own."""


def documents(nodes: Sequence[Node], syntax: Syntax) -> str:
    """Objects, each with the line that parts documents before it."""
    return "".join(f"{line}\n" for node in nodes for line in _document(node, syntax))


def _document(node: Node, syntax: Syntax) -> Iterator[str]:
    if isinstance(node, When):
        yield syntax.when(node.flag)
        yield from _document(node.node, syntax)
        yield syntax.end
    else:
        yield "---"
        yield from _lines(node, 0, syntax)


def _lines(node: Node, pad: int, syntax: Syntax) -> Iterator[str]:
    """The lines of a mapping, a list or labels."""
    if isinstance(node, Labels):
        yield syntax.labels(node.instance, node.name, pad)
        yield from _lines(node.added, pad, syntax)
    elif isinstance(node, Selector):
        yield syntax.selector(node.instance, node.component, pad)
    elif isinstance(node, Mapping):
        for key, item in node.items():
            yield from _entry(f"{syntax.literal(_key(key))}:", item, pad, syntax)
    else:
        for entry in node:
            yield from _entry("-", entry, pad, syntax)


def _entry(head: str, node: Node, pad: int, syntax: Syntax) -> Iterator[str]:
    if isinstance(node, When):
        yield syntax.when(node.flag)
        yield from _entry(head, node.node, pad, syntax)
        yield syntax.end
    elif isinstance(node, Mapping | list | Labels | Selector) and node:
        yield from _headed(head, list(_lines(node, pad + 2, syntax)), pad)
    else:
        yield f"{' ' * pad}{head} {_scalar(node, pad + 2, syntax)}"


def _headed(head: str, lines: list[str], pad: int) -> Iterator[str]:
    """An item's first line next to its dash, unless that is a condition."""
    line = lines[0][pad + 2 :]
    if head == "-" and lines[0].startswith(" " * (pad + 2)) and not line.startswith("{"):
        yield f"{' ' * pad}- {line}"
        yield from lines[1:]
    else:
        yield " " * pad + head
        yield from lines


def _scalar(node: Node, pad: int, syntax: Syntax) -> str:
    if isinstance(node, Value):
        return syntax.value(node)
    parts: Sequence[Any] = node.parts if isinstance(node, Text) else (node,)
    if "\n" in "".join(part for part in parts if isinstance(part, str)):
        return _block(parts, pad, syntax)
    if isinstance(node, Text):
        return '"' + "".join(_computed(part, syntax, _escaped) for part in parts) + '"'
    return syntax.literal(yaml.scalar(node)) if node not in ({}, []) else str(node)


def _computed(part: Part, syntax: Syntax, written: Callable[[str], str]) -> str:
    if isinstance(part, Value):
        return syntax.value(part)
    return syntax.name(part.instance) if isinstance(part, Name) else syntax.literal(written(part))


def _escaped(text: str) -> str:
    return json.dumps(text)[1:-1]


def _block(parts: Sequence[Part], pad: int, syntax: Syntax) -> str:
    """A text of several lines, which may have values in them."""
    body = "".join(_computed(part, syntax, str) for part in parts)
    trimmed = body.rstrip("\n")
    ends = len(body) - len(trimmed)
    style = ("-", "", "+")[min(ends, 2)]
    extra = "\n" * (ends - 1) if ends > 1 else ""
    lines = "\n".join(" " * pad + line if line else "" for line in trimmed.split("\n"))
    return f"|2{style}\n{lines}{extra}"


def _key(key: str) -> str:
    return json.dumps(key) if yaml.scalar(key) != key else key
