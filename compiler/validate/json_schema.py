"""The language as a JSON Schema (draft-07), for editors and for checks on pull requests.

Made from the same models that validate a spec. Its form is what the YAML language server completes
and explains best: local references, closed branches, defaults told in the descriptions.
"""

from __future__ import annotations

import json
from typing import Any

from msgspec.json import schema_components

from compiler import registry
from compiler.spec.constraints import exact
from compiler.spec.root import API_VERSION, Header
from compiler.spec.settings import Settings
from compiler.spec.tenant import ModelSpec, WorkloadSpec
from compiler.spec.types import NAME_PATTERN

Schema = dict[str, Any]
_REF = "#/definitions/"
_NO_LINE_END = exact("").removeprefix("^()$")


def schema_text() -> str:
    """The schema as it stands in `schemas/platform.schema.json`."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


def json_schema() -> Schema:
    """The schema of a whole spec."""
    definitions = _definitions()
    types = registry.all_types()
    for type in types:
        definitions[type]["properties"]["type"] = {"enum": [type], "description": "Its type."}
    partials = {f"{name}.override": _partial(one) for name, one in definitions.items()}
    definitions |= partials
    definitions["component"] = {
        "description": "An instance whose name is not its type.",
        "oneOf": [_typed(type, definitions[type]) for type in types],
    }
    definitions["component.override"] = {
        "description": "An instance that the base lacks, or that is of another type there.",
        "oneOf": [_typed(type, definitions[f"{type}.override"]) for type in types],
    }
    spec = _closed(
        {
            **definitions.pop("Settings")["properties"],
            "components": _named(types, ""),
            "models": _instances("ModelSpec", ""),
            "workloads": _instances("WorkloadSpec", ""),
            "environments": {
                "description": "Partial specs, merged deep; null removes.",
                "type": "object",
                "propertyNames": {"pattern": f"^{NAME_PATTERN}$"},
                "additionalProperties": {"$ref": f"{_REF}environment"},
            },
        }
    )
    override = {
        **definitions.pop("Settings.override")["properties"],
        "components": _nullable(_named(types, ".override")),
        "models": _nullable(_instances("ModelSpec", ".override")),
        "workloads": _nullable(_instances("WorkloadSpec", ".override")),
    }
    definitions["environment"] = _nullable(_closed(override))
    root = _closed(
        {
            "apiVersion": {"const": API_VERSION, "description": "The language's version."},
            "kind": {"const": "Platform", "description": "Always `Platform`."},
            "metadata": {"$ref": f"{_REF}Metadata"},
            "spec": {**spec, "description": "The platform."},
        },
        required=["apiVersion", "kind", "metadata", "spec"],
    )
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "platform.yaml",
        **root,
        "definitions": dict(sorted(definitions.items())),
    }


def _definitions() -> dict[str, Schema]:
    """Every section of the language under a short name; a component's Spec under its type."""
    specs = {type: _spec(type) for type in registry.all_types()}
    models = [*specs.values(), Settings, ModelSpec, WorkloadSpec, Header]
    roots, made = schema_components(models, ref_template=f"{_REF}{{name}}")
    names = [str(root["$ref"]).removeprefix(_REF) for root in roots]
    short = dict(zip(names, specs, strict=False))
    definitions = {short.get(name, name): _tidy(one, short) for name, one in made.items()}
    definitions.pop("Header")
    return definitions


def _spec(type: str) -> Any:
    component = registry.component(type)
    assert component is not None
    return component.Spec


def _tidy(value: Any, short: dict[str, str]) -> Any:
    """msgspec's schema without what editors stumble over."""
    if isinstance(value, list):
        return [_tidy(one, short) for one in value]
    if not isinstance(value, dict):
        return value
    made = {
        key: {name: _tidy(one, short) for name, one in inner.items()}
        if key == "properties"
        else _tidy(inner, short)
        for key, inner in value.items()
        if not (key == "title" and isinstance(inner, str))
    }
    if "$ref" in made:
        name = str(made["$ref"]).removeprefix(_REF)
        made["$ref"] = f"{_REF}{short.get(name, name)}"
    return _described(_flat(_simple(made)))


def _simple(schema: Schema) -> Schema:
    """Without what follows from the rest: an amount's other kinds, no keys that must be there."""
    made = {key: value for key, value in schema.items() if (key, value) != ("required", [])}
    if "type" in made:
        made.pop("anyOf", None)
    if "enum" in made:
        made["type"] = "string"
    if "pattern" in made:
        # To ECMA's patterns, unlike Python's, `$` is the end alone.
        made["pattern"] = str(made["pattern"]).removesuffix(_NO_LINE_END)
    return made


def _flat(schema: Schema) -> Schema:
    """What may be left out, without null: the base says nothing by leaving a key out, not by null."""
    options = schema.get("anyOf", [])
    if len(options) != 2 or options[1] != {"type": "null"}:
        return schema
    rest = {
        key: value for key, value in schema.items()
        if key != "anyOf" and (key, value) != ("default", None)
    }  # fmt: skip
    return {**rest, **options[0]} if "type" in options[0] else {**rest, "anyOf": options[:1]}


def _nullable(schema: Schema) -> Schema:
    """The same, or null."""
    if "type" not in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    made = {**schema, "type": [*types, "null"] if "null" not in types else types}
    if "enum" in made and None not in made["enum"]:
        made["enum"] = [*made["enum"], None]
    return made


def _described(schema: Schema) -> Schema:
    """The default told in the description: hovers do not show it."""
    default = schema.get("default")
    text = schema.get("description", "")
    if (
        default in (None, {}, [], ())
        or not isinstance(default, (str, int, bool))
        or "efault" in text
    ):
        return schema
    shown = json.dumps(default) if isinstance(default, bool) else default
    return {**schema, "description": f"{text} Default: `{shown}`.".strip()}


def _partial(schema: Schema) -> Schema:
    """What an environment may say of a section: any part of it, and null to remove."""
    made = {key: value for key, value in schema.items() if key != "required"}
    made["properties"] = {
        name: _nullable(_overriding(one)) for name, one in schema.get("properties", {}).items()
    }
    return made


def _overriding(value: Any) -> Any:
    """References to sections as references to their partial forms."""
    if isinstance(value, list):
        return [_overriding(one) for one in value]
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


def _named(types: tuple[str, ...], suffix: str) -> Schema:
    """The map of components: a key that is a type has its keys; others say their type."""
    other: Schema = {"$ref": f"{_REF}component{suffix}"}

    def one(type: str) -> Schema:
        own: Schema = {"$ref": f"{_REF}{type}{suffix}"}
        renamed = {
            "type": "object",
            "properties": {"type": {"not": {"const": type}}},
            "required": ["type"],
        }
        made: Schema = {"if": renamed, "then": other, "else": _nullable(own) if suffix else own}
        return made

    return {
        "description": "The systems of the platform; a key is a type, or an instance's name.",
        "type": "object",
        "properties": {type: one(type) for type in types},
        "propertyNames": {"pattern": f"^{NAME_PATTERN}$"},
        # An override of an instance that is not named like its type may leave the type out.
        "additionalProperties": {
            "if": {"type": "object", "required": ["type"]},
            "then": other,
            "else": {"type": ["object", "null"]},
        }
        if suffix
        else other,
    }


def _instances(section: str, suffix: str) -> Schema:
    own: Schema = {"$ref": f"{_REF}{section}{suffix}"}
    return {
        "type": "object",
        "propertyNames": {"pattern": f"^{NAME_PATTERN}$"},
        "additionalProperties": _nullable(own) if suffix else own,
    }


def _closed(properties: dict[str, Schema], required: list[str] | None = None) -> Schema:
    made: Schema = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**made, "required": required} if required else made
