"""Describe every component, section and field of the language from the models that read a spec.

The JSON Schema describes the models. This package reads it into values, from which `platformc explain` and
the reference of the documentation are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from msgspec import Struct

from compiler import registry
from compiler.document.flow_style import flow_style
from compiler.reference.facts import NEW, facts
from compiler.reference.types import example, offered_words, resolved, type_of
from compiler.spec.component import RunningSpec
from compiler.spec.section import fields as fields_of
from compiler.validate.json_schema import json_schema

Schema = Mapping[str, Any]
_DEEPEST = 5  # fields inside fields; the language has no recursion
_DEFAULT = re.compile(r" ?Default: `[^`]*`\.$")


class Field(Struct, frozen=True):
    """A key of a section: its type and its meaning."""

    path: str  # the path for `platformc explain`: `mlflow.artifacts`
    type: str
    description: str
    example: str  # a value, as YAML
    default: str = ""
    required: bool = False
    since: str = ""
    derived: tuple[str, ...] = ()  # the kinds of the objects that follow from it
    # Values that the types of components offer, beyond those of the description.
    words: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()

    @property
    def key(self) -> str:
        return self.path.rpartition(".")[2]


class Slot(Struct, frozen=True):
    """A requirement or an offer of a component."""

    name: str
    protocol: str
    partners: tuple[str, ...]  # the component types at the other end


class Topic(Struct, frozen=True):
    """A component type, or a section of the spec."""

    name: str
    section: str  # its place in a spec
    summary: str
    fields: tuple[Field, ...]
    requires: tuple[Slot, ...] = ()
    provides: tuple[Slot, ...] = ()

    @property
    def common(self) -> tuple[Field, ...]:
        """The fields that most components have."""
        component = self.section.startswith("spec.components")
        return tuple(field for field in self.fields if component and field.key in _common_keys())

    @property
    def own_fields(self) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if field not in self.common)


@cache
def _common_keys() -> frozenset[str]:
    """The keys of the base sections from which the sections of components derive."""
    return frozenset(key for _, key, _ in fields_of(RunningSpec))


@cache
def topics() -> Mapping[str, Topic]:
    """Everything that can be explained, by name."""
    schema = json_schema()
    return {topic.name: topic for topic in (*_sections(schema), *_components(schema))}


def topic_of(path: str) -> Topic | None:
    """The component or section of a path such as `mlflow`, `spec.components.mlflow` or `spec`."""
    return topics().get(_plain(path)) if "." not in _plain(path) else None


def field_of(path: str) -> Field | None:
    """The field of a path such as `mlflow.artifacts`, `spec.workloads.uses` or `spec.domain`."""
    name, _, rest = _plain(path).partition(".")
    topic = topics().get(name)
    if topic is None or not rest:
        topic, rest = topics()["spec"], _plain(path)
    return _below(topic.fields, rest)


def paths() -> Iterator[str]:
    """Every path that is explained."""
    for topic in topics().values():
        yield topic.name
        yield from _paths(topic.fields)


def _plain(path: str) -> str:
    for front in ("spec.components.", "components.", "spec."):
        path = path.removeprefix(front)
    return path


def _below(fields: Sequence[Field], rest: str) -> Field | None:
    key, _, further = rest.partition(".")
    field = next((field for field in fields if field.key == key), None)
    return _below(field.fields, further) if field and further else field


def _paths(fields: Sequence[Field]) -> Iterator[str]:
    for field in fields:
        yield field.path
        yield from _paths(field.fields)


def _sections(schema: Schema) -> Iterator[Topic]:
    spec = schema["properties"]["spec"]["properties"]
    definitions = schema["definitions"]
    settings = {key: value for key, value in spec.items() if key not in _SECTION_TOPICS}
    settings_schema = {"properties": settings}
    yield Topic("spec", "spec", _SECTION_TOPICS["spec"], _fields(settings_schema, "", definitions))
    for name, definition in (("workloads", "WorkloadSpec"), ("models", "ModelSpec")):
        fields = _fields(definitions[definition], f"{name}.", definitions)
        yield Topic(name, f"spec.{name}.NAME", _SECTION_TOPICS[name], fields)
    fields = _fields(definitions["Metadata"], "metadata.", definitions)
    yield Topic("metadata", "metadata", _SECTION_TOPICS["metadata"], fields)


_SECTION_TOPICS = {
    "spec": "What holds for the whole platform.",
    "components": "The systems of the platform, by name.",
    "workloads": "Programs that run on the platform: training, refreshes, notebooks.",
    "models": "Models that the platform serves.",
    "environments": "Overrides of the spec, by environment.",
    "metadata": "The platform's name, and labels of all its objects.",
}


def _components(schema: Schema) -> Iterator[Topic]:
    definitions = schema["definitions"]
    for type in registry.all_types():
        section = definitions[type]
        fields = _fields(section, f"{type}.", definitions)
        requires, provides = _slots(type)
        summary = section.get("description", "")
        yield Topic(type, f"spec.components.{type}", summary, fields, requires, provides)


def _slots(type: str) -> tuple[tuple[Slot, ...], tuple[Slot, ...]]:
    """The slots that a component's module declares."""
    component = registry.existing(type)
    requires = tuple(
        Slot(slot.slot, slot.endpoint.interface, registry.providers(slot.endpoint.interface))
        for slot in component.requires
    )
    provides = tuple(Slot(slot.slot, slot.endpoint.interface, ()) for slot in component.provides)
    return requires, provides


def _fields(section: Schema, front: str, definitions: Schema, depth: int = 0) -> tuple[Field, ...]:
    required = section.get("required", ())
    return tuple(
        _field(f"{front}{key}", inner, key in required, definitions, depth)
        for key, inner in section.get("properties", {}).items()
    )


def _field(path: str, schema: Schema, required: bool, definitions: Schema, depth: int) -> Field:
    """A field, and the fields inside it, from its schema."""
    complete, fact = resolved(schema, definitions), facts().get(path, NEW)
    inner = _inner(complete, definitions) if depth < _DEEPEST else None
    description = _DEFAULT.sub("", complete.get("description", "")).strip()
    words = offered_words(complete)
    return Field(
        path=path,
        type=type_of(complete, definitions),
        description=description,
        example=example(complete, definitions),
        default=flow_style(complete["default"]) if "default" in complete else "",
        required=required,
        since=fact.since,
        derived=fact.derived,
        words=tuple(words) if any(f"`{word}`" not in description for word in words) else (),
        fields=_fields(inner, f"{path}.", definitions, depth + 1) if inner else (),
    )


def _inner(schema: Schema, definitions: Schema) -> Schema | None:
    """The section whose fields stand below a field: its own, its elements', its values'."""
    if schema.get("properties"):
        return schema
    for holder in ("items", "additionalProperties"):
        inner = schema.get(holder)
        if isinstance(inner, dict):
            complete = resolved(inner, definitions)
            return complete if complete.get("properties") else None
    return None
