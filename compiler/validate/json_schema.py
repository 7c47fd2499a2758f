"""The language as a JSON Schema (draft-07), for editors and for checks of pull requests.

It is generated from the models that validate a spec, in the form that the YAML language server
handles best: local references, closed branches, defaults in the descriptions.
"""

from __future__ import annotations

import json
from typing import Any

from compiler import registry
from compiler.spec.root import API_VERSION
from compiler.spec.types import NAME_PATTERN
from compiler.validate.editor_schema import named_snippet, offer_names, snippet, with_markdown
from compiler.validate.section_schemas import REF, Schema, section_schemas


def schema_text() -> str:
    """The schema as text, as in `schemas/platform.schema.json`."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


def json_schema() -> Schema:
    """The schema of a whole spec."""
    definitions = _all_definitions()
    spec = _spec_schema(definitions)
    definitions["environment"] = _environment_schema(definitions)
    root = _closed(
        {
            "apiVersion": {"const": API_VERSION, "description": "The language's version."},
            "kind": {"const": "Platform", "description": "Always `Platform`."},
            "metadata": {"$ref": f"{REF}Metadata"},
            "spec": {**spec, "description": "The platform."},
        },
        required=["apiVersion", "kind", "metadata", "spec"],
    )
    schema: Schema = with_markdown({**root, "definitions": dict(sorted(definitions.items()))})
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "platform.yaml",
        **schema,
    }


def _all_definitions() -> dict[str, Schema]:
    """The schemas of all sections, of their partial forms, and of components with another name."""
    definitions = section_schemas()
    types = registry.all_types()
    offer_names(definitions)
    for type in types:
        definitions[type]["properties"]["type"] = {"enum": [type], "description": "Its type."}
    partials = {f"{name}.override": _partial(schema) for name, schema in definitions.items()}
    definitions |= partials
    any_type = {"type": {"enum": [*types], "description": "The type of the component."}}
    definitions["component"] = {
        "description": "An instance whose name is not its type.",
        "properties": any_type,
        "oneOf": [_typed(type, definitions[type]) for type in types],
    }
    definitions["component.override"] = {
        "description": "An instance that the base does not have, or has with another type.",
        "properties": any_type,
        "oneOf": [_typed(type, definitions[f"{type}.override"]) for type in types],
    }
    return definitions


def _spec_schema(definitions: dict[str, Schema]) -> Schema:
    """The schema of `spec`; it takes the settings out of the definitions."""
    return _closed(
        {
            **definitions.pop("Settings")["properties"],
            "components": _components(definitions, ""),
            "models": _instances(definitions, "ModelSpec", ""),
            "workloads": _instances(definitions, "WorkloadSpec", ""),
            "environments": {
                "description": "Partial specs, merged into the base; null removes a key.",
                "type": "object",
                "propertyNames": {"pattern": f"^{NAME_PATTERN}$"},
                "additionalProperties": {"$ref": f"{REF}environment"},
            },
        }
    )


def _environment_schema(definitions: dict[str, Schema]) -> Schema:
    """The schema of an environment; it takes the partial settings out of the definitions."""
    override = {
        **definitions.pop("Settings.override")["properties"],
        "components": _nullable(_components(definitions, ".override")),
        "models": _nullable(_instances(definitions, "ModelSpec", ".override")),
        "workloads": _nullable(_instances(definitions, "WorkloadSpec", ".override")),
    }
    return _nullable(_closed(override))


def _nullable(schema: Schema) -> Schema:
    """The schema, or null."""
    if "type" not in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    nullable = {**schema, "type": [*types, "null"] if "null" not in types else types}
    words = nullable.pop("enum", None) or ([nullable.pop("const")] if "const" in nullable else [])
    if words:
        nullable["enum"] = [*words, None]
    return nullable


def _partial(schema: Schema) -> Schema:
    """An environment's override of a section: any part of it, and null to remove a key."""
    keywords = ("required", "dependencies", "if", "then", "else")
    partial = {key: value for key, value in schema.items() if key not in keywords}
    partial["properties"] = {
        name: _nullable(_overriding(inner)) for name, inner in schema.get("properties", {}).items()
    }
    return partial


def _overriding(value: Any) -> Any:
    """Replace references to sections by references to their partial forms."""
    if isinstance(value, list):
        return [_overriding(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: f"{inner}.override" if key == "$ref" else _overriding(inner)
        for key, inner in value.items()
        if key not in ("default", "minItems")
    }


def _typed(type: str, schema: Schema) -> Schema:
    properties = {**schema["properties"], "type": {"const": type}}
    return {
        **schema,
        "title": type,
        "properties": properties,
        "required": ["type", *schema.get("required", [])],
    }


def _components(definitions: dict[str, Schema], suffix: str) -> Schema:
    """The map of components: a key that is a type has the type's keys; other keys need `type`."""
    by_type_key: Schema = {"$ref": f"{REF}component{suffix}"}
    return {
        "description": "The systems of the platform; a key is a type, or an instance's name.",
        "type": "object",
        "properties": {
            type: _component(type, definitions, suffix, by_type_key)
            for type in registry.all_types()
        },
        "propertyNames": {"pattern": f"^{NAME_PATTERN}$"},
        # An override of an instance that is not named like its type may leave the type out.
        "additionalProperties": {
            "if": {"type": "object", "required": ["type"]},
            "then": by_type_key,
            "else": {"type": ["object", "null"]},
        }
        if suffix
        else by_type_key,
    }


def _component(
    type: str, definitions: dict[str, Schema], suffix: str, by_type_key: Schema
) -> Schema:
    """A component whose key is a type; with another `type:`, the key is only its name."""
    definition: Schema = {"$ref": f"{REF}{type}{suffix}"}
    renamed = {
        "type": "object",
        "properties": {"type": {"not": {"const": type}}},
        "required": ["type"],
    }
    section = definitions[f"{type}{suffix}"]
    return {
        "type": ["object", "null"] if suffix else "object",
        "description": section["description"],
        "defaultSnippets": snippet(type, section, definitions),
        "if": renamed,
        "then": by_type_key,
        "else": _nullable(definition) if suffix else definition,
    }


def _instances(definitions: dict[str, Schema], section: str, suffix: str) -> Schema:
    definition: Schema = {"$ref": f"{REF}{section}{suffix}"}
    return {
        "description": _TENANTS[section],
        "type": "object",
        "propertyNames": {"pattern": f"^{NAME_PATTERN}$"},
        "additionalProperties": _nullable(definition) if suffix else definition,
        "defaultSnippets": named_snippet(_NOUNS[section], definitions[section], definitions),
    }


_TENANTS = {
    "ModelSpec": "The models that the platform serves, by name.",
    "WorkloadSpec": "The programs that run on the platform, by name.",
}
_NOUNS = {"ModelSpec": "a model", "WorkloadSpec": "a workload"}


def _closed(properties: dict[str, Schema], required: list[str] | None = None) -> Schema:
    content: Schema = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**content, "required": required} if required else content
