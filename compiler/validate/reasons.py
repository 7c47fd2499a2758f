"""The code, message and help of each kind of error that pydantic finds in a section."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from compiler.diagnostics.misspelt_keys import suggested_key, there_already
from compiler.diagnostics.words import alternatives, listing, suggestion
from compiler.document import Path
from compiler.document.colons import without_space
from compiler.document.flow_style import flow_style
from compiler.document.span import Span
from compiler.spec.constraints import address, matches
from compiler.spec.named_list import help_for_named_list
from compiler.spec.root import Shape
from compiler.spec.section import fields
from compiler.text import uncapitalised
from compiler.validate.advice import advice
from compiler.validate.advice.unknown_key import UnknownKey
from compiler.validate.corrections import EMPTY, SWITCHES, corrected_key, help_to_quote, in_braces
from compiler.validate.errors import FieldError
from compiler.validate.misplaced import BELOW_SPEC, belongs_elsewhere, is_below_spec
from compiler.validate.word_lists import list_line

Help = str | tuple[str, ...]
Reason = tuple[str, str, Help]  # a diagnostic's code, message and help


def reason_of(error: FieldError, full: Path) -> Reason:
    """The code, message and help of an error at a path."""
    key = _last_key(full)
    if error.reason is not None:
        help = _help_for_address(error) or error.reason.help
        return error.reason.code, error.reason.message, help or ()
    if error.on_key:
        return "invalid-name", f"`{key}` can't be a key here", _rule(error)
    if error.value is None:
        return _null(error, key)
    reason = _REASONS.get(error.type, _pydantic_error)
    return reason(error, key, full)


def candidate_keys(error: FieldError) -> tuple[str, ...]:
    """The keys that an unknown key may mean; `environments` is one in the file, and is merged earlier."""
    if error.type != "extra_forbidden":
        return ()
    return BELOW_SPEC if error.parent is Shape else error.keys


def _last_key(path: Path) -> str:
    """The last key of a path; for an element of a list, the list's key."""
    names = [part for part in path if isinstance(part, str)]
    return names[-1] if names else "the spec"


def _where(full: Path) -> str:
    return f"in `{_last_key(full[:-1])}`" if len(full) > 1 else "at the top"


def _unknown_key(error: FieldError, key: str, full: Path) -> Reason:
    message = f"unknown key `{key}` {_where(full)}"
    return "unknown-key", message, _help_for_key(error, key, full)


def _help_for_key(error: FieldError, key: str, full: Path) -> Help:
    """The help for an unknown key: the text to write instead, unless the map has that already."""
    assert error.node is not None
    if is_below_spec(error):
        spec = error.node.child("spec")
        twice = spec is not None and key in spec.keys
        return f"`spec` has `{key}` too: merge them" if twice else f"indent `{key}:` under `spec:`"
    if full[:-1] == ("metadata",) and key in BELOW_SPEC:
        return f"move `{key}:` under `spec:`"
    if elsewhere := belongs_elsewhere(error, key):
        return elsewhere
    keys = candidate_keys(error)
    correction = error.instead
    if correction is None and not _spelt_alike(key, keys):
        unknown = UnknownKey(key, error.value, keys, error.defaults, error.neighbours)
        correction = advice(unknown)
    if correction:
        single = _SINGLE_VALUE.match(correction)
        if single and single[1] != key and error.node.has_both(key, single[1]):
            return there_already(single[1])
        return correction
    return suggested_key(error.node, key, keys) or f"the keys are {listing(keys)}"


# Advice to write another key with one value. Where it is a map, the map that is there takes more keys.
_SINGLE_VALUE = re.compile(r"write `(\w+): (?!\{)[^,`]*`")


def _spelt_alike(key: str, keys: tuple[str, ...]) -> bool:
    """Whether an unknown key differs from a known one only by capitals, dashes or a letter."""
    return corrected_key(Span("", 1, 1, 1, 1), key, keys) is not None


def _missing(error: FieldError, key: str, full: Path) -> Reason:
    line = f"{key}: {error.only}" if error.only else f"{key}:"
    if error.required:
        line = f"{key}: {{{', '.join(f'{inner}: ...' for inner in error.required)}}}"
    description = f": {uncapitalised(error.description)}" if error.description else ""
    return "missing-key", f"`{key}` is missing {_where(full)}", f"add `{line}`{description}"


_MEANINGS = {"{}": "all defaults", "[]": "none"}


def _null(error: FieldError, key: str) -> Reason:
    if help := without_space(key):
        return "null-value", f"`{key}` is a key without a value", help
    empty = EMPTY.get(error.type)
    remedy = f"write `{empty}` for {_MEANINGS[empty]}" if empty else "give it one"
    return "null-value", f"`{key}` has no value", f"{remedy}, or delete the key"


def _too_small(error: FieldError, key: str, full: Path) -> Reason:
    least = error.context["ge"]
    return "out-of-range", f"`{key}` must be at least {least}", f"write `{key}: {least}` or more"


def _too_large(error: FieldError, key: str, full: Path) -> Reason:
    most = error.context["le"]
    return "out-of-range", f"`{key}` must be at most {most}", f"write `{key}: {most}` or less"


def _too_short(error: FieldError, key: str, full: Path) -> Reason:
    units = ("character", "characters") if isinstance(error.value, str) else ("entry", "entries")
    least = error.context["min_length"]
    return "out-of-range", f"`{key}` must have at least {least} {units[least != 1]}", ()


def _mismatch(error: FieldError, key: str, full: Path) -> Reason:
    message = f"`{key}` cannot be {_quoted(error.value)}"
    return "invalid-value", message, _meant_address(error) or error.description or _rule(error)


def _meant_address(error: FieldError) -> str:
    """The help for an address with a scheme or a slash too much, or without a scheme."""
    text, pattern = str(error.value), str(error.context.get("pattern", ""))
    host = re.sub(r"^https?://", "", text).rstrip("/")
    meant = next((form for form in (host, f"https://{host}") if matches(pattern, form)), "")
    return f"write `{meant}`" if "." in host and meant else ""


def _help_for_address(error: FieldError) -> str | None:
    """The help for a URL where a host belongs, in the keys that this section has."""
    is_host = error.reason is not None and error.reason.code == "invalid-host" and not error.in_list
    if not is_host or "path" not in error.keys or not isinstance(error.value, str):
        return None
    return address(error.value, with_path=True)


def _rule(error: FieldError) -> str:
    pattern = error.context.get("pattern")
    return f"it must match `{pattern}`" if pattern else error.message


def _unknown_value(error: FieldError, key: str, full: Path) -> Reason:
    close = suggestion(str(error.value), error.allowed)
    help = close if error.only and close else (*close, f"write {alternatives(error.allowed)}")
    return "unknown-value", f"`{key}` cannot be {_quoted(error.value)}", help


def _wrong_type(error: FieldError, key: str, full: Path) -> Reason:
    fraction = error.type == "int_type" and isinstance(error.value, float)
    kind = _quoted(error.value) if fraction else _kind_of(error.value)
    subject = f"an entry of `{key}`" if error.in_list else f"`{key}`"
    message = f"{subject} must be {_KINDS[error.type]}, not {kind}"
    return "wrong-type", message, _help(error, key) or error.description or ()


def _pydantic_error(error: FieldError, key: str, full: Path) -> Reason:
    """Pydantic's own message, for a constraint that only components of other packages use."""
    return "invalid-value", f"`{key}` cannot be {_quoted(error.value)}", error.message


_KINDS = {
    "string_type": "text", "int_type": "a whole number", "bool_type": "`true` or `false`",
    "dict_type": "a map", "model_type": "a map", "tuple_type": "a list",
}  # fmt: skip
_REASONS: dict[str, Callable[[FieldError, str, Path], Reason]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing,
    "greater_than_equal": _too_small,
    "less_than_equal": _too_large,
    "too_short": _too_short,
    "string_too_short": _too_short,
    "string_pattern_mismatch": _mismatch,
    "literal_error": _unknown_value,
    **dict.fromkeys(_KINDS, _wrong_type),
}


def _help(error: FieldError, key: str) -> Help:
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


def _keys(required: tuple[str, ...]) -> str:
    return ", ".join(f"{key}: ..." for key in required) or "..."


def _as_key(error: FieldError, key: str) -> str | None:
    """The help for a word that is a key of the expected section, such as `backup: none`."""
    if error.type != "model_type" or not isinstance(error.value, str):
        return None
    described = {key: field.description for _, key, field in fields(error.expected)}
    description = described.get(error.value)
    if not description:
        return None
    return f"write `{key}: {{{error.value}: ...}}`: {uncapitalised(description)}"


_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


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


def _kind_of(value: Any) -> str:
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


def _quoted(value: Any) -> str:
    plain = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    return f"`{value}`" if plain else _kind_of(value)
