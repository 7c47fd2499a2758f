"""The parts of a chart, in no language yet; `benchmarks.peers` writes it in each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Node = Any  # a mapping, a list, a scalar, or one of the classes here
MODEL = "model"  # the section of the loop's variable
LABEL = "app.kubernetes.io/"


@dataclass(frozen=True, slots=True)
class Value:
    """A value by its section and key; the `name` of a model is its key in the map."""

    section: str
    key: str


@dataclass(frozen=True, slots=True)
class Name:
    """An instance's name, from a helper that keeps it within Kubernetes' limit."""

    instance: str | Value


Part = str | Value | Name


@dataclass(frozen=True, slots=True)
class Text:
    """A string with values in it."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class When:
    """A part that is there only where a value is true."""

    flag: Value
    node: Node


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels that everything has, from a helper, and those next to them."""

    instance: str | Value
    name: str
    added: Mapping[str, Node]


@dataclass(frozen=True, slots=True)
class Selector:
    """The labels that select the pods of a component, from a helper."""

    instance: str | Value
    component: str


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
    instance = _single(instance)
    settings = isinstance(instance, str | Value) and isinstance(name, str) and part_of and by
    return Labels(instance, name, rest) if settings else labels


def with_selector(labels: dict[str, Node]) -> Node:
    """A selector of pods by the helper, where it is no more and no less."""
    instance = _single(labels.get(f"{LABEL}instance"))
    component = labels.get(f"{LABEL}component")
    if isinstance(instance, str | Value) and isinstance(component, str) and len(labels) == 2:
        return Selector(instance, component)
    return labels


def with_name(manifest: Node) -> Node:
    """An object whose name begins with its instance's, by the helper."""
    if isinstance(manifest, When):
        return When(manifest.flag, with_name(manifest.node))
    metadata = manifest["metadata"]
    labels, name = metadata["labels"], metadata["name"]
    if not isinstance(labels, Labels):
        return manifest
    parts = name.parts if isinstance(name, Text) else (name,)
    rest = _without(labels.instance, [part for part in parts if part])
    if rest is None:
        return manifest
    named = Text((Name(labels.instance), *rest))
    return {**manifest, "metadata": {**metadata, "name": named}}


def _without(instance: str | Value, parts: list[Part]) -> list[Part] | None:
    """The text after the instance's name, or None where the name does not come first."""
    part = parts[0]
    if isinstance(instance, str) and isinstance(part, str) and part.startswith(instance):
        return [part[len(instance) :], *parts[1:]]
    return parts[1:] if part == instance else None


def _single(node: Node) -> Node:
    return node.parts[0] if isinstance(node, Text) and len(node.parts) == 1 else node
