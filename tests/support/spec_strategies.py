"""Sections of the language drawn at random from its published schema, and so from the Specs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from support.paths import ROOT

Schema = dict[str, Any]
SCHEMA: Schema = json.loads((ROOT / "schemas" / "platform.schema.json").read_text(encoding="utf-8"))
PLAIN = st.text("abcxyz019-. ", min_size=1, max_size=12)
# References to instances, and texts with a grammar that is not in the schema: drawn elsewhere.
LEFT_OUT = frozenset(["bind", "default", "patches", "type"])
# Values for which a pattern is too weak: with these, a platform passes validation.
AMOUNTS = st.sampled_from(["1Gi", "20Gi", "512Mi"])
SENSIBLE: dict[str, st.SearchStrategy[Any]] = {
    "image": st.just("registry.example.com/team/app:1.4"),
    "clientImage": st.just("registry.example.com/team/client:1.4"),
    "labels": st.just({"team": "research"}),
    "nodeSelector": st.just({"disk": "fast"}),
    "tolerations": st.just([{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}]),
    "schedule": st.sampled_from(["0 2 * * *", "@daily"]),
    "cpu": st.sampled_from(["500m", "2"]),
    **dict.fromkeys(("memory", "storage", "size", "ephemeralStorage"), AMOUNTS),
}


def section(name: str) -> st.SearchStrategy[Any]:
    """A section by the name of its definition, such as `mlflow` or `WorkloadSpec`."""
    return drawn(SCHEMA["definitions"][name])


def _at_the_end(pattern: str) -> str:
    """A pattern whose `$` no longer matches before a last newline; in a set it is a character."""
    part = r"(\\.|\[(?:\\.|[^\]\\])*\])|\$"
    return re.sub(part, lambda match: match[1] or r"\Z", pattern)


def drawn(schema: Schema) -> st.SearchStrategy[Any]:
    """A value that a schema allows."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return st.deferred(lambda: section(name))
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return st.one_of([drawn(choice) for choice in schema[several]])
    kinds = schema.get("type", "string")
    return st.one_of(
        [
            _of_type(kind_name, schema)
            for kind_name in ([kinds] if isinstance(kinds, str) else kinds)
        ]
    )


def _of_type(kind: str, schema: Schema) -> st.SearchStrategy[Any]:
    match kind:
        case "object":
            return _object(schema)
        case "array":
            least = schema.get("minItems", 0)
            return st.lists(drawn(schema["items"]), min_size=least, max_size=max(2, least))
        case "boolean":
            return st.booleans()
        case "integer" | "number":
            least = schema.get("minimum", 0)
            return st.integers(least, min(schema.get("maximum", least + 9), least + 99))
        case "null":
            return st.none()
        case _:
            pattern = schema.get("pattern")
            return st.sampled_from(TEXTS[pattern]) if pattern else PLAIN


ASCII = st.characters(min_codepoint=32, max_codepoint=126)


def _patterns(schema: Any) -> set[str]:
    """The patterns of all texts in a schema."""
    if isinstance(schema, list):
        return {pattern for inner in schema for pattern in _patterns(inner)}
    if not isinstance(schema, dict):
        return set()
    below = {pattern for inner in schema.values() for pattern in _patterns(inner)}
    return below | ({schema["pattern"]} if isinstance(schema.get("pattern"), str) else set())


def _matching(pattern: str) -> list[str]:
    """Texts that match a pattern."""
    texts: list[str] = []

    # The first text of a process may be slow: Hypothesis reads its table of characters then.
    @settings(
        max_examples=6,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(st.from_regex(_at_the_end(pattern), alphabet=ASCII))
    def collect(text: str) -> None:
        texts.append(text)

    collect()
    return texts


# A text that matches a pattern takes as long to draw as all else of a section, so a few of each are drawn once.
TEXTS = {pattern: _matching(pattern) for pattern in sorted(_patterns(SCHEMA))}


def _branches(schema: Schema) -> list[Schema]:
    """A schema for each side of its condition: keys that are there, and values that they have."""
    condition = schema["if"]
    keys, values = condition["required"], condition.get("properties", {})
    plain = {key: value for key, value in schema.items() if key not in ("if", "then", "else")}
    left: Mapping[str, Any] = {
        key: _without(plain["properties"][key], value) for key, value in values.items()
    }
    absent: Mapping[str, Any] = dict.fromkeys(keys, False)
    return [
        _side(plain, schema["then"], values, keys),
        _side(plain, schema["else"], left or absent, ()),
    ]


def _side(
    plain: Schema, change: Schema, conditions: Mapping[str, Any], required: Iterable[str]
) -> Schema:
    """A schema with what one side of a condition adds to it."""
    properties = dict(plain["properties"])
    for key, value in (*conditions.items(), *change.get("properties", {}).items()):
        if value is False:
            properties.pop(key, None)
        elif key in properties:
            properties[key] = {**properties[key], **value}
    needs = [*plain.get("required", ()), *required, *change.get("required", ())]
    nested: Schema = {key: change[key] for key in ("if", "then", "else") if key in change}
    return {**plain, "properties": properties, "required": needs, **nested}


def _complete(schema: Schema, value: dict[str, Any]) -> dict[str, Any]:
    """A map without the keys that depend on keys which it lacks."""
    needs = schema.get("dependencies", {})
    return {key: inner for key, inner in value.items() if set(needs.get(key, ())) <= value.keys()}


def _without(definition: Schema, condition: Schema) -> Schema:
    """The values of a key that do not meet a condition."""
    met = condition.get("enum", [condition.get("const")])
    return {**definition, "enum": [value for value in definition["enum"] if value not in met]}


def _object(schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
    if "if" in schema:
        return st.one_of([_object(branch) for branch in _branches(schema)])
    properties = schema.get("properties", {})
    needed = {
        key: drawn(properties[key]) for key in schema.get("required", ()) if key in properties
    }
    optional = {
        key: drawn(definition)
        for key, definition in properties.items()
        if key not in {*needed, *LEFT_OUT}
    }
    if properties:
        for fields in (needed, optional):
            fields |= {key: SENSIBLE[key] for key in fields.keys() & SENSIBLE.keys()}
        return st.fixed_dictionaries(needed, optional=optional).map(partial(_complete, schema))
    names = drawn({"type": "string", **schema.get("propertyNames", {})})
    inner = schema.get("additionalProperties")
    values = drawn(inner) if isinstance(inner, dict) else PLAIN
    return st.dictionaries(names, values, max_size=2)
