"""The edit that takes an error of a section away, where only one can be meant."""

from __future__ import annotations

import re

from compiler.diagnostics import correction
from compiler.diagnostics.fix import Edit, Fix
from compiler.document import Node, Path
from compiler.spec.root import Header
from compiler.spec.section import fields
from compiler.validate.errors import FieldError

_OUTLINE = tuple(key for _, key, _ in fields(Header))
# What an empty value is written as, by pydantic's name of the error that it causes.
EMPTY = {"model_type": "{}", "dict_type": "{}", "tuple_type": "[]"}
_SWITCHES = {
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
    """The edit for an error at a full path; `keys` are those that an unknown one may have meant."""
    if error.type == "extra_forbidden":
        return correction(document.span_of(full), str(full[-1]), keys)
    if error.type == "missing":
        return _line(error, document, full)
    node = document.at(full)
    if node is None or error.on_key or node.span.line != node.span.end_line:
        return None
    if error.type == "literal_error" and isinstance(error.value, str):
        return correction(node.span, error.value, error.allowed)
    if error.type == "string_type" and isinstance(error.value, (bool, int, float)):
        return Fix(node.span, edit=Edit.QUOTE)
    text = error.reason.suggestion if error.reason else _as_meant(error)
    return Fix(node.span, text) if text else None


def _line(error: FieldError, document: Node, full: Path) -> Fix | None:
    """The line that is missing at the top, where only one can stand there."""
    if error.only is None or len(full) > 1 or document.flow:
        return None
    behind = _OUTLINE[_OUTLINE.index(str(full[-1])) :]
    places = sorted(document.keys[key] for key in behind if key in document.keys)
    return Fix(places[0], f"{full[-1]}: {error.only}", Edit.INSERT) if places else None


def _as_meant(error: FieldError) -> str | None:
    """An empty map or list for nothing; a text as the number, switch or list that it can be."""
    value = error.value
    if value is None:
        return EMPTY.get(error.type)
    if not isinstance(value, str):
        return None
    match error.type:
        case "int_type":
            return value if re.fullmatch(r"-?[0-9]{1,9}", value) else None
        case "bool_type":
            return _SWITCHES.get(value.lower())
        case "tuple_type":
            # A command line in one word is another mistake.
            return f"[{value}]" if re.fullmatch(r"[a-z][a-z0-9-]*", value) else None
    return None
