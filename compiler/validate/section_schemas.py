"""The JSON Schemas of single sections, generated from the models that validate them."""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from compiler import registry
from compiler.spec.root import Header
from compiler.spec.section import Section
from compiler.spec.served_model import ModelSpec
from compiler.spec.settings import Settings
from compiler.spec.tenant import WorkloadSpec

Schema = dict[str, Any]
REF = "#/definitions/"


def section_schemas() -> dict[str, Schema]:
    """Every section under a short name; a component's Spec under its type."""
    specs = {type: registry.existing(type).Spec for type in registry.all_types()}
    sections: list[type[Section]] = [*specs.values(), Settings, ModelSpec, WorkloadSpec, Header]
    references, generated = models_json_schema(
        [(section, "validation") for section in sections],
        ref_template=f"{REF}{{model}}",
        schema_generator=_Generator,
    )
    long = {str(references[spec, "validation"]["$ref"]): type for type, spec in specs.items()}
    definitions = {
        long.get(f"{REF}{name}", name): schema for name, schema in generated["$defs"].items()
    }
    definitions.pop("Header")
    return definitions


def _described(schema: Schema) -> Schema:
    """Add the default to the description, because hovers do not show it."""
    default = schema.get("default")
    text = schema.get("description", "")
    if (
        default in (None, {}, [], ())
        or not isinstance(default, (str, int, bool))
        or "efault" in text
    ):
        return schema
    text_of_default = json.dumps(default) if isinstance(default, bool) else default
    return {**schema, "description": f"{text} Default: `{text_of_default}`.".strip()}


class _Generator(GenerateJsonSchema):
    """Pydantic's schemas without parts that confuse editors."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:
        """Keep the order of the fields."""
        return value

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        content = super().model_schema(schema)
        properties = {key: _described(inner) for key, inner in content["properties"].items()}
        return {
            key: inner
            for key, inner in {**content, "properties": properties}.items()
            if key != "title"
        }

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """An optional field without null: leaving out the key means the same."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Leave out empty defaults."""
        default = schema.get("default")
        if default is None or default in ({}, (), "") or isinstance(default, Section):
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """A map; if its keys must match a pattern, other keys are errors."""
        content: Schema = {"type": "object"}
        content["additionalProperties"] = self.generate_inner(schema["values_schema"])
        keys = self.generate_inner(schema["keys_schema"])
        keys.pop("type", None)
        if keys:
            content["propertyNames"] = keys
        self.update_with_validations(content, schema, self.ValidationsMapping.object)
        return content
