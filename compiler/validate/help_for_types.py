"""The help for a value of a type that its key does not take."""

from __future__ import annotations

from typing import Any

from compiler.document.colons import without_space
from compiler.document.flow_style import flow_style
from compiler.spec.named_list import help_for_named_list
from compiler.spec.section import fields
from compiler.text import uncapitalised
from compiler.validate.corrections import SWITCHES, help_to_quote, in_braces
from compiler.validate.errors import FieldError, Help
from compiler.validate.word_lists import list_line

# By pydantic's name of the error.
KINDS = {
    "string_type": "text", "int_type": "a whole number", "bool_type": "`true` or `false`",
    "dict_type": "a map", "model_type": "a map", "tuple_type": "a list",
}  # fmt: skip
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def help_for_type(error: FieldError, key: str) -> Help:
    """The help: how to write the value of a key as the expected type."""
    value = error.value
    if error.type == "string_type" and isinstance(value, dict):
        name = value.get("name") if error.in_list else None
        return _help_for_map(key, value) if not error.in_list else f"write `{name}`" if name else ()
    if error.type == "string_type" and not isinstance(value, (dict, list)):
        return help_to_quote(error) or ()
    if not error.in_list and (only := _only_entry(error)):
        return f"write `{key}: {only}`"
    if error.type == "bool_type" and (switch := SWITCHES.get(str(value).lower())):
        return f"write `{switch}`"
    if error.type == "int_type" and str(value).lower() in _NUMBERS:
        return f"write `{_NUMBERS.index(str(value).lower())}`"
    if wrapped := in_braces(error):
        return f"write `{wrapped}`"
    if error.type == "tuple_type" and error.entry is not None:
        return f"write `{key}: [{{{_keys(error.entry)}}}]`"
    if error.type == "tuple_type" and isinstance(value, str) and value.strip():
        return f"write `{list_line(key, value)}`"
    if error.type == "int_type" and isinstance(value, str) and value.strip().isdecimal():
        return "leave out the quotes"
    return _map_help(error, key) if error.type in ("dict_type", "model_type") else ()


def _map_help(error: FieldError, key: str) -> Help:
    """The help for another value where the key's map belongs."""
    if isinstance(error.value, str) and (help := without_space(error.value)):
        return help
    keys = _keys(error.required if error.type == "model_type" else ())
    return (
        _as_key(error, key)
        or help_for_named_list(error.value)
        or f"write its keys in braces, `{{{keys}}}`, or indented below it"
    )


def _as_key(error: FieldError, key: str) -> str | None:
    """The help for a word that is a key of the expected section, such as `backup: none`."""
    if error.type != "model_type" or not isinstance(error.value, str):
        return None
    described = {key: field.description for _, key, field in fields(error.expected)}
    description = described.get(error.value)
    if not description:
        return None
    return f"write `{key}: {{{error.value}: ...}}`: {uncapitalised(description)}"


def _keys(required: tuple[str, ...]) -> str:
    return ", ".join(f"{key}: ..." for key in required) or "..."


def _help_for_map(key: str, value: dict[str, Any]) -> Help:
    """The help for a map in the form of another tool: its image's parts, or its only value, as a text."""
    if isinstance(value.get("repository"), str):
        registry = f"{value['registry']}/" if isinstance(value.get("registry"), str) else ""
        return f"write `{key}: {registry}{value['repository']}:{value.get('tag', 'TAG')}`"
    if isinstance(value.get("size"), str) and isinstance(value.get("storageClass"), str):
        return f"write `{key}: {value['size']}, storageClass: {value['storageClass']}`"
    only = [inner for inner in value.values() if isinstance(inner, (str, int))]
    return f"write `{key}: {only[0]}`" if len(only) == len(value) == 1 else ()


def _only_entry(error: FieldError) -> str:
    """The only entry of a list where its key takes a text or a number; empty if the key refuses it."""
    types = {"string_type": str, "int_type": int}
    entries = error.value if isinstance(error.value, list) else []
    if len(entries) != 1 or type(entries[0]) is not types.get(error.type):
        return ""
    return flow_style(entries[0]) if error.accepts(entries[0]) else ""


def kind_of(value: Any) -> str:
    """The kind of a value, for a message about another kind."""
    match value:
        case bool():
            return f"`{str(value).lower()}`"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case dict():
            return "a map"
        case _:
            return "a list"


def quoted(value: Any) -> str:
    """A text or a number as the spec has it, and any other value by its kind."""
    plain = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    return f"`{value}`" if plain else kind_of(value)
