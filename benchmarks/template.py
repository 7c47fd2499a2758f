"""What a chart is made of, in no language yet; `benchmarks.peers` writes it in each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Node = Any  # a mapping, a list, a scalar, or one of the classes here
MODEL = "model"  # the section of the loop's variable
LABEL = "app.kubernetes.io/"
PART_OF = f"{LABEL}part-of"


@dataclass(frozen=True, slots=True)
class Value:
    """A value by its section and key; the `name` of a model is its key in the map."""

    section: str
    key: str


@dataclass(frozen=True, slots=True)
class Text:
    """A string with values in it."""

    parts: tuple[str | Value, ...]


@dataclass(frozen=True, slots=True)
class When:
    """What is there only where a value is true."""

    flag: Value
    node: Node


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels that everything has, from a helper, and those beside them."""

    instance: str | Value
    name: str
    more: Mapping[str, Node]


@dataclass(frozen=True, slots=True)
class Chart:
    """Templates of objects by section, those of one model, and the values."""

    sections: Mapping[str, Sequence[Node]]
    model: Sequence[Node]
    values: dict[str, Any]
    overrides: Mapping[str, dict[str, Any]]


def camel(name: str) -> str:
    """A name as keys of values have it."""
    head, *rest = [part for part in re.split(r"[^A-Za-z0-9]+", name) if part]
    joined = head + "".join(part[0].upper() + part[1:] for part in rest)
    return joined[0].lower() + joined[1:]


def with_helper(labels: dict[str, Node]) -> Node:
    """Labels by the helper, where they are those that it gives."""
    rest = dict(labels)
    instance, name, part_of, by = (
        rest.pop(f"{LABEL}{key}", None) for key in ("instance", "name", "part-of", "managed-by")
    )
    if isinstance(instance, Text) and len(instance.parts) == 1:
        instance = instance.parts[0]
    given = isinstance(instance, str | Value) and isinstance(name, str) and part_of and by
    return Labels(instance, name, rest) if given else labels
