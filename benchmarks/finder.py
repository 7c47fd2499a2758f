"""Finds the template of which several objects are instances.

Each value is known by its vector: its values in every variant. Where a leaf's vector is that of a
value of the spec, that value stands there; else the leaf gets a new one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from benchmarks.template import (
    MODEL,
    Node,
    Part,
    Text,
    Value,
    When,
    camel,
    with_helper,
    with_selector,
)
from benchmarks.variants import MARK

_Vector = tuple[Node, ...]
# Fields that people keep among the values of a chart even where it is the same everywhere.
_CONFIGURABLE = ("image", "replicas", "cpu", "memory", "storage", "ephemeral-storage")


class Finder:
    """Sees every variant of an object at once; the last is the one with other values."""

    def __init__(self, mappings: Sequence[Mapping[Value, Node]]) -> None:
        self.vectors: dict[Value, _Vector] = {}
        self._values_by_vector: dict[tuple[str, str], Value] = {}
        for value in mappings[0]:
            self.add_shared(
                value, tuple(mapping.get(value, mappings[0][value]) for mapping in mappings)
            )

    def add_shared(self, value: Value, vector: _Vector) -> None:
        """A value of the spec, which may stand in any section."""
        self.add(value, vector)
        self._values_by_vector.setdefault(("", repr(vector)), value)

    def add(self, value: Value, vector: _Vector) -> Value:
        """A value of one section."""
        self.vectors[value] = vector
        self._values_by_vector.setdefault((value.section, repr(vector)), value)
        return value

    def plain(self, text: str) -> str:
        """A text of the last variant as the first has it."""
        for mark, value in self._marks().items():
            text = text.replace(mark, str(self.vectors[value][0]))
        return text

    def node(self, nodes: _Vector, section: str, path: tuple[str, ...]) -> Node:
        """One template for the values of one place in every variant; None is nothing."""
        if any(node is None for node in nodes):
            return self._optional(nodes, section, path)
        if all(isinstance(node, dict) for node in nodes):
            return self._mapping(nodes, section, path)
        if all(isinstance(node, list) for node in nodes):
            return self._list(nodes, section, path)
        return self._leaf(nodes, section, path)

    def _optional(self, nodes: _Vector, section: str, path: tuple[str, ...]) -> When:
        present = tuple(node is not None for node in nodes)
        sample = nodes[present.index(True)]
        filled = tuple(sample if node is None else node for node in nodes)
        flag = self._value(present, section, ("with", *path[-1:]))
        return When(flag, self.node(filled, section, path))

    def _mapping(self, nodes: _Vector, section: str, path: tuple[str, ...]) -> Node:
        mapping = {self.plain(key) if MARK in key else key: item for key, item in nodes[-1].items()}
        nodes = (*nodes[:-1], mapping)
        created = {
            key: self.node(tuple(node.get(key) for node in nodes), section, (*path, key))
            for key in dict.fromkeys(key for node in nodes for key in node)
        }
        if path[-1] in ("matchLabels", "selector"):
            return with_selector(created)
        return with_helper(created) if path[-1] == "labels" else created

    def _list(self, nodes: _Vector, section: str, path: tuple[str, ...]) -> list[Node]:
        longest = max(len(node) for node in nodes)
        padded = [[*node, *[None] * (longest - len(node))] for node in nodes]
        return [self.node(item, section, path) for item in zip(*padded, strict=True)]

    def _leaf(self, nodes: _Vector, section: str, path: tuple[str, ...]) -> Node:
        constant = all(node == nodes[0] for node in nodes)
        if constant and section == MODEL and isinstance(nodes[0], str):
            return self._of_model(nodes, path)
        if constant and path[-1] not in _CONFIGURABLE:
            return nodes[0]
        if not isinstance(nodes[0], str):
            return self._value(nodes, section, path)
        if constant or self._existing(nodes, section):
            return Text((self._value(nodes, section, path),))
        return Text(tuple(self._parts(nodes, section, path)))

    def _of_model(self, strings: _Vector, path: tuple[str, ...]) -> Node:
        """A string that all models of the sample have: theirs by chance where it is in the spec."""
        split = self._split(strings[-1])
        if path[-1] in _CONFIGURABLE or self._existing(strings, MODEL):
            return Text((self._value(strings, MODEL, path),))
        exact = all(self._joined(split, at) == string for at, string in enumerate(strings))
        return Text(tuple(split)) if len(split) > 1 and exact else strings[0]

    def _parts(self, strings: _Vector, section: str, path: tuple[str, ...]) -> Iterator[Part]:
        """A string that differs: its lines, the text of its marks, or the common ends."""
        if all(string == strings[0] for string in strings):
            yield strings[0]
            return
        split = self._split(strings[-1])
        lines = [string.splitlines(keepends=True) for string in strings]
        if all(self._joined(split, at) == item for at, item in enumerate(strings)):
            yield from split
        elif len({len(line) for line in lines}) == 1 and len(lines[0]) > 1:
            for line in zip(*lines, strict=True):
                yield from self._parts(line, section, path)
        else:
            before, middles, after = _differing(strings)
            yield before
            yield self._value(middles, section, path)
            yield after

    def _marks(self) -> dict[str, Value]:
        """Texts of the last variant that give a value away, the longest first."""
        results = {
            str(vector[-1]): value
            for value, vector in self.vectors.items()
            if MARK in str(vector[-1]) or value == Value(MODEL, "name")
        }
        return dict(sorted(results.items(), key=lambda entry: -len(entry[0])))

    def _split(self, string: str) -> list[Part]:
        marks = self._marks()
        if not marks:
            return [string]
        parts = re.split("(" + "|".join(map(re.escape, marks)) + ")", string)
        return [marks.get(part, part) for part in parts]

    def _joined(self, parts: Iterable[Part], at: int) -> str:
        texts = (self.vectors[part][at] if isinstance(part, Value) else part for part in parts)
        return "".join(map(str, texts))

    def _existing(self, vector: _Vector, section: str) -> Value | None:
        """The value that is this in every variant, if there is one and it distinguishes them."""
        neighbour = self._values_by_vector.get((section, repr(vector)))
        if neighbour or len(set(map(repr, vector))) == 1:
            return neighbour
        return self._values_by_vector.get(("", repr(vector)))

    def _value(self, vector: _Vector, section: str, path: tuple[str, ...]) -> Value:
        existing = self._existing(vector, section)
        if existing:
            return existing
        if section == MODEL:
            if len(set(map(repr, vector))) > 1:
                raise ValueError(f"nothing in the spec explains {'/'.join(path)}: {vector}")
            section = "modelDefaults"
        return self.add(self._unused(section, path), vector)

    def _unused(self, section: str, path: tuple[str, ...]) -> Value:
        hint = camel(" ".join(path[-2:]))
        names = (f"{hint}{number}" if number else hint for number in range(1000))
        return next(value for name in names if (value := Value(section, name)) not in self.vectors)


def _differing(strings: _Vector) -> tuple[str, _Vector, str]:
    """The common ends of strings, cut between words, and the text between."""
    start = end = 0
    least = min(map(len, strings))
    while start < least and len({string[start] for string in strings}) == 1:
        start += 1
    while end < least - start and len({string[-1 - end] for string in strings}) == 1:
        end += 1
    while start and strings[0][start - 1].isalnum():
        start -= 1
    while end and strings[0][len(strings[0]) - end].isalnum():
        end -= 1
    middles = tuple(string[start : len(string) - end] for string in strings)
    numbers = all(middle.isdecimal() and str(int(middle)) == middle for middle in middles)
    middle: _Vector = tuple(map(int, middles)) if numbers else middles
    return strings[0][:start], middle, strings[0][len(strings[0]) - end :]
