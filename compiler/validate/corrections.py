"""Make the edits that correct errors of a section, for errors with only one possible correction."""

from __future__ import annotations

import json
import re
from typing import Any

from compiler.diagnostics.fix import Edit, Fix
from compiler.diagnostics.misspelt_keys import possible
from compiler.diagnostics.words import correction, normalised
from compiler.document import Node, Path
from compiler.document.flow_style import flow_style
from compiler.document.span import Span
from compiler.spec.root import Header
from compiler.spec.section import fields
from compiler.validate.advice import has_advice
from compiler.validate.errors import FieldError
from compiler.validate.language import language_keys

_OUTLINE = tuple(key for _, key, _ in fields(Header))
# The text for an empty value, by pydantic's name of its error.
EMPTY = {"model_type": "{}", "dict_type": "{}", "tuple_type": "[]"}
SWITCHES = {
    "true": "true",
    "yes": "true",
    "on": "true",
    "false": "false",
    "no": "false",
    "off": "false",
}


def correction_of(
    error: FieldError, keys: tuple[str, ...], document: Node, full: Path
) -> Fix | None:
    """The edit for an error at a full path; `keys` are the candidates for an unknown key."""
    if error.type == "extra_forbidden":
        fix = corrected_key(document.span_of(full), str(full[-1]), keys)
        return possible(document.at(full[:-1]), str(full[-1]), fix)
    if error.type == "missing":
        return _line(error, document, full)
    node = document.at(full)
    if node is None or error.on_key or node.span.line != node.span.end_line:
        return None
    if error.type == "literal_error" and isinstance(error.value, str):
        return correction(node.span, error.value, error.allowed)
    if error.type == "string_type" and isinstance(error.value, (bool, int, float)):
        return Fix(node.span, edit=Edit.QUOTE) if error.accepts(_text(error.value)) else None
    text = error.reason.suggestion if error.reason else _intended_value(error)
    return Fix(node.span, text) if text else None


def corrected_key(span: Span, key: str, keys: tuple[str, ...]) -> Fix | None:
    """The edit that replaces a misspelt key by the known one.

    A key that has another meaning in the language or in another tool is no misspelling.
    """
    fix = correction(span, key, keys)
    alike = fix is not None and normalised(key) == normalised(fix.text)
    return None if not alike and (has_advice(key) or key in language_keys()) else fix


def help_to_quote(error: FieldError) -> str | None:
    """The help for a number or a boolean where a text belongs: to quote it, or the unit that it lacks."""
    text = _text(error.value)
    if error.accepts(text):
        return "quote it"
    example = re.search(r"like `([^`]+)`", error.description)
    meant = re.sub(r"[0-9]+", text, example[1]) if example and text.isdecimal() else ""
    return f"write `{meant}`" if meant and error.accepts(meant) else None


def _text(value: Any) -> str:
    """A value of the spec as the text that quotes would make of it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _line(error: FieldError, document: Node, full: Path) -> Fix | None:
    """The edit that inserts a missing line at the top, if only one value is possible."""
    if error.only is None or len(full) > 1 or document.flow:
        return None
    later = _OUTLINE[_OUTLINE.index(str(full[-1])) :]
    later_keys = sorted(document.keys[key] for key in later if key in document.keys)
    return Fix(later_keys[0], f"{full[-1]}: {error.only}", Edit.INSERT) if later_keys else None


def _intended_value(error: FieldError) -> str | None:
    """The value that the user meant: `{}` or `[]` for nothing, or the number, boolean or list of a text."""
    value = error.value
    if value is None:
        return EMPTY.get(error.type)
    if error.type == "model_type":
        return in_braces(error)
    if not isinstance(value, str):
        return None
    match error.type:
        case "int_type":
            return value if re.fullmatch(r"-?[0-9]{1,9}", value) else None
        case "bool_type":
            return SWITCHES.get(value.lower())
        case "tuple_type":
            # A command line in one word is reported by another rule.
            if error.entry is not None:
                return None
            return flow_style(value.split()) if _WORDS.fullmatch(value) else None
    return None


# Words that a list in YAML takes as they are, and a shell would not change.
_WORDS = re.compile(r"[a-z][a-z0-9-]*( +(?!(?:true|false|null|yes|no)\b)[a-zA-Z./_-][\w./=-]*)*")


def in_braces(error: FieldError) -> str | None:
    """A single value as the one key that its section must have: `20` as `{percent: 20}`."""
    if error.type != "model_type" or len(error.required) != 1:
        return None
    if isinstance(error.value, bool) or not isinstance(error.value, (str, int)):
        return None
    plain = isinstance(error.value, int) or re.fullmatch(r"[a-z][\w.-]*", error.value)
    text = error.value if plain else json.dumps(error.value)
    return f"{{{error.required[0]}: {text}}}"
