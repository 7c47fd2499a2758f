"""Describe the type of a field in words, and write an example of its values as YAML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from compiler.document.flow_style import flow_style

Schema = Mapping[str, Any]
_MESSAGE = re.compile(r"This is not (?P<noun>[^:]*): (?P<help>.*)\.$")
_WORDS = {
    "string": "text", "integer": "a whole number", "number": "a number", "boolean": "`true` or `false`",
    "object": "a map", "array": "a list",
}  # fmt: skip


def type_of(schema: Schema, definitions: Schema) -> str:
    """The type of a field, in words."""
    schema = resolved(schema, definitions)
    if "enum" in schema:
        return " or ".join(f"`{word}`" for word in schema["enum"] if word is not None)
    if "const" in schema:
        return f"`{schema['const']}`"
    if "patternErrorMessage" in schema:
        return _noun(schema)
    alternatives = _alternatives(schema)
    if alternatives:
        words = dict.fromkeys(type_of(alternative, definitions) for alternative in alternatives)
        return ", or ".join(words)
    kind = schema.get("type")
    if kind == "integer":
        return f"a whole number{_range(schema)}"
    if kind == "array":
        inner = schema.get("items", {})
        return f"a list; each: {type_of(inner, definitions)}" if inner else "a list"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"a map; each value: {type_of(schema['additionalProperties'], definitions)}"
    return _WORDS.get(str(kind), "a value")


def _alternatives(schema: Schema) -> list[Schema]:
    alternatives: list[Schema] = schema.get("anyOf") or schema.get("oneOf") or []
    return alternatives


def _noun(schema: Schema) -> str:
    match = _MESSAGE.match(schema["patternErrorMessage"])
    return match["noun"] if match else "text"


def _range(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    return (
        f", at least {low}" if low is not None else f", at most {high}" if high is not None else ""
    )


def offered_words(schema: Schema) -> list[str]:
    """The values that the types of components offer for a text, or for each entry of a list."""
    text = schema.get("items", schema)
    return [] if "pattern" in text else text.get("examples", [])


def example(schema: Schema, definitions: Schema, depth: int = 0) -> str:
    """A value that a field may have, in YAML's flow style."""
    schema = resolved(schema, definitions)
    if schema.get("examples"):
        return flow_style(schema["examples"][0])
    words = [word for word in schema.get("enum", ()) if word is not None]
    if words:
        return flow_style(next((word for word in words if word != schema.get("default")), words[0]))
    if "const" in schema:
        return flow_style(schema["const"])
    forms = [form for form in _alternatives(schema) if form.get("type") != "null"]
    if forms:
        return example(forms[0], definitions, depth)
    kind = schema.get("type")
    if kind == "boolean":
        return "false" if schema.get("default") else "true"
    if kind == "integer":
        return str(_number(schema))
    if kind == "array":
        inner = schema.get("items", {})
        return f"[{example(inner, definitions, depth + 1)}]" if depth < 3 else "[]"
    if kind == "object":
        return _map(schema, definitions, depth)
    if "default" in schema:
        return flow_style(schema["default"])
    return "text"


def _number(schema: Schema) -> int:
    low = int(schema.get("minimum", 1))
    default = schema.get("default")
    number = int(default) + 1 if isinstance(default, int) else max(low, 2)
    return min(number, int(schema.get("maximum", number)))


def _map(schema: Schema, definitions: Schema, depth: int) -> str:
    values = schema.get("additionalProperties")
    if isinstance(values, dict):
        return f"{{name: {example(values, definitions, depth + 1)}}}" if depth < 3 else "{}"
    keys = schema.get("required") or list(schema.get("properties", {}))[:1]
    if depth >= 3:
        return "{}"
    inner = schema.get("properties", {})
    return (
        f"{{{', '.join(f'{key}: {example(inner[key], definitions, depth + 1)}' for key in keys)}}}"
    )


def resolved(schema: Schema, definitions: Schema) -> Schema:
    reference = schema.get("$ref", "").rpartition("/")[2]
    return {**definitions[reference], **schema} if reference else schema
