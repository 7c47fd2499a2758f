"""Names, snippets and Markdown for editors, added to the schema of the language.

Facts are of yaml-language-server 2.0.0: `examples` become completions, `defaultSnippets` the text that it
inserts for a key, and `markdownDescription` is shown in place of an escaped `description`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from compiler import registry, tenants
from compiler.interfaces.payload_sink import SINKS
from compiler.model.binding import Endpoint
from compiler.model.component import Component

Schema = dict[str, Any]
_MARKDOWN = re.compile(r"[`*_\[<]")


def offer_names(definitions: dict[str, Schema]) -> None:
    """Offer the slots and types that `bind`, `uses` and `sink` may name, and the formats of models."""
    types = registry.all_types()
    components = {type: registry.existing(type) for type in types}
    for type, component in components.items():
        _offer_slots(definitions[type]["properties"], component)
    usable = [type for type in types if _usable(components[type])]
    # The example of the reference is the type at the front.
    clients = sorted(usable, key=lambda name: not _sets_variables(components[name]))
    for name in ("WorkloadSpec", "ModelSpec", "Transformer"):
        uses = definitions[name]["properties"]["uses"]
        uses["items"] = {**uses["items"], "examples": clients}
    for section, name in (("workloads", "WorkloadSpec"), ("models", "ModelSpec")):
        _offer_slots(definitions[name]["properties"], tenants.component(section))
    sinks = {type for sink in SINKS for type in registry.providers(sink.interface)}
    definitions["Logger"]["properties"]["sink"]["examples"] = sorted(sinks)
    formats = dict.fromkeys(name for component in components.values() for name in component.FORMATS)
    definitions["ModelSpec"]["properties"]["format"]["examples"] = list(formats)


def _usable(component: Component) -> bool:
    return any(slot.endpoint.for_clients for slot in component.provides)


def _sets_variables(component: Component) -> bool:
    return any(slot.endpoint.env is not Endpoint.env for slot in component.provides)


def _offer_slots(properties: dict[str, Schema], component: Component) -> None:
    by_slot: dict[str, list[str]] = {}
    for slot in component.requires:
        by_slot.setdefault(slot.slot, []).extend(registry.providers(slot.endpoint.interface))
    if by_slot:
        properties["bind"]["properties"] = {
            slot: _name_of_instance(sorted(set(types)))
            for slot, types in by_slot.items()
            if types  # `spec.login` answers the others
        }


def _name_of_instance(types: Sequence[str]) -> Schema:
    listed = ", ".join(f"`{type}`" for type in types)
    return {
        "type": "string",
        "description": f"The name of an instance of {listed}.",
        "examples": [*types],
    }


def snippet(label: str, section: Schema, definitions: Mapping[str, Schema]) -> list[Schema]:
    """A usable map of a section: its required keys, with a value of each to write over."""
    return [{"label": label, "body": _placeholder(section, definitions, count(1))}]


def named_snippet(label: str, section: Schema, definitions: Mapping[str, Schema]) -> list[Schema]:
    """A usable map of a section, below a name that the user writes."""
    numbers = count(1)
    name = f"${{{next(numbers)}:name}}"
    return [{"label": label, "body": {name: _placeholder(section, definitions, numbers)}}]


def _placeholder(schema: Schema, definitions: Mapping[str, Schema], numbers: Iterator[int]) -> Any:
    schema = definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    required = _required(schema)
    if required:
        keys = schema["properties"]
        return {key: _placeholder(keys[key], definitions, numbers) for key in required}
    values = schema.get("additionalProperties")
    if isinstance(values, dict):
        return {f"${{{next(numbers)}:name}}": _placeholder(values, definitions, numbers)}
    if schema.get("type") == "object":
        return "{}"  # the server writes an empty map as nothing
    value = next(iter(schema.get("examples", ())), schema.get("default", ""))
    return f"${{{next(numbers)}:{value}}}"


def _required(schema: Schema) -> Sequence[str]:
    """The keys that a section needs; of alternative keys, the last alternative."""
    if "required" in schema or "else" not in schema:
        keys: Sequence[str] = schema.get("required", ())
        return keys
    return _required(schema["else"])


def with_markdown(schema: Any) -> Any:
    """The schema with each description a second time, as Markdown, where it has any."""
    if isinstance(schema, list):
        return [with_markdown(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    marked = {key: with_markdown(value) for key, value in schema.items()}
    text = schema.get("description")
    if isinstance(text, str) and _MARKDOWN.search(text):
        marked["markdownDescription"] = text
    return marked
