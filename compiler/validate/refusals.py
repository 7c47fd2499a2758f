"""What pydantic refuses, in the user's words: code, place, what to type, and the edit that mends it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from compiler.diagnostics import Fix, Report, correction, listing, near, suggestion
from compiler.diagnostics.masking import value_masked
from compiler.model.document import Node, Path
from compiler.specialise import named_by_keys
from compiler.validate.keys import fields_at, keys_at
from compiler.validate.shapes import Header, Shape


def causes(details: Sequence[ErrorDetails], model: type[BaseModel]) -> Iterator[ErrorDetails]:
    """Without the keys that are missing because they are misspelt right there."""
    extra = [detail["loc"] for detail in details if detail["type"] == "extra_forbidden"]
    meant = {(*loc[:-1], near(str(loc[-1]), keys_at(model, loc[:-1]))) for loc in extra}
    if any(_below_spec(model, loc) for loc in extra):
        meant.add(("spec",))
    for detail in details:
        if detail["type"] != "missing" or detail["loc"] not in meant:
            yield detail


def _below_spec(model: type[BaseModel], loc: tuple[int | str, ...]) -> bool:
    """Whether a key at the top belongs one level down."""
    return model is Header and len(loc) == 1 and loc[0] in {*keys_at(Shape, ())}


def explain(
    detail: ErrorDetails, model: type[BaseModel], node: Node, path: Path, document: Node,
    report: Report,
) -> None:  # fmt: skip
    """Turn one of pydantic's errors into a diagnostic."""
    loc = tuple(part for part in detail["loc"] if part != "[key]")
    full = (*path, *loc)
    code, message, help = _reason(detail, model, full)
    message = value_masked(message, full, detail["input"])
    on_key = code in ("unknown-key", "missing-key", "null-value") or detail["loc"][-1:] == (
        "[key]",
    )
    span = document.span_of(full) if on_key else document.value_span(full)
    fix = _fix(detail, model, document, full)
    report.add(code, message, span, path=full, help=help, fix=fix)


def _fix(detail: ErrorDetails, model: type[BaseModel], document: Node, full: Path) -> Fix | None:
    """The edit that takes one of pydantic's errors away, where only one can be meant."""
    kind, given, value = detail["type"], detail["input"], document.at(full)
    if kind == "extra_forbidden":
        keys = keys_at(model, detail["loc"][:-1])
        return correction(document.span_of(full), str(full[-1]), keys)
    if value.span.line != value.span.end_line:
        return None
    if given is None:
        return Fix(value.span, _EMPTY[kind]) if kind in _EMPTY else None
    if kind == "string_type" and isinstance(given, (bool, int, float)):
        return Fix(value.span)
    if not isinstance(given, str):
        return None
    if kind == "literal_error":
        return correction(value.span, given, _allowed(detail))
    text = detail.get("ctx", {}).get("meant") or _unquoted(kind, given)
    return Fix(value.span, text) if text else None


_EMPTY = {"model_type": "{}", "dict_type": "{}", "tuple_type": "[]"}
_NOTHING = {"{}": "all defaults", "[]": "none"}
_SWITCHES = {
    "true": "true",
    "yes": "true",
    "on": "true",
    "false": "false",
    "no": "false",
    "off": "false",
}


def _unquoted(kind: str, text: str) -> str | None:
    """What a text is where a number, a switch or a list belongs, if it can be one."""
    if kind == "int_type" and re.fullmatch(r"-?[0-9]{1,9}", text):
        return text
    if kind == "bool_type":
        return _SWITCHES.get(text.lower())
    # A command line in one word is another mistake.
    return f"[{text}]" if kind == "tuple_type" and re.fullmatch(r"[a-z][a-z0-9-]*", text) else None


def _allowed(detail: ErrorDetails) -> tuple[str, ...]:
    """The words that a field takes."""
    expected = str(detail["ctx"]["expected"]).replace(" or ", ",")
    return tuple(part.strip("' ") for part in expected.split(","))


def _called(path: Path) -> str:
    """The last key of a path; an element of a list by its list's key."""
    names = [part for part in path if isinstance(part, str)]
    return names[-1] if names else "the spec"


_KINDS = {
    "string": "text", "int": "a whole number", "bool": "`true` or `false`", "float": "a number",
    "dict": "a map", "model": "a map", "tuple": "a list", "list": "a list",
}  # fmt: skip
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"), "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"), "less_than": ("less than", "lt"),
}  # fmt: skip


def _reason(
    detail: ErrorDetails, model: type[BaseModel], full: Path
) -> tuple[str, str, str | tuple[str, ...]]:
    kind, loc, context = detail["type"], detail["loc"], detail.get("ctx", {})
    key = _called(full)
    where = f"in `{_called(full[:-1])}`" if len(full) > 1 else "at the top"
    if "text" in context:
        return kind, context["text"], context["help"] or ()
    if kind == "extra_forbidden":
        keys = keys_at(model, loc[:-1])
        help = suggestion(key, keys) or (f"the keys are {listing(keys)}",)
        if _below_spec(model, loc):
            help = (f"indent `{key}:` under `spec:`",)
        return "unknown-key", f"unknown key `{key}` {where}", help
    if kind == "missing":
        return "missing-key", f"`{key}` is missing {where}", _example(model, loc)
    if detail["input"] is None:
        empty = _EMPTY.get(kind)
        way_out = f"write `{empty}` for {_NOTHING[empty]}" if empty else "give it one"
        return "null-value", f"`{key}` has no value", f"{way_out}, or delete the key"
    if kind in _BOUNDS:
        words, bound = _BOUNDS[kind]
        return "out-of-range", f"`{key}` must be {words} {context[bound]}", ()
    if kind == "string_pattern_mismatch":
        field = fields_at(model, loc[:-1]).get(key)
        return (
            "invalid-value",
            f"`{key}` cannot be {_shown(detail['input'])}",
            (getattr(field, "description", None) or f"it must match {context['pattern']}"),
        )
    if kind == "literal_error":
        expected = str(context["expected"]).replace("'", "`")
        help = (*suggestion(str(detail["input"]), _allowed(detail)), f"write {expected}")
        return "unknown-value", f"`{key}` cannot be {_shown(detail['input'])}", help
    base = kind.split("_")[0]
    if base in _KINDS and kind.endswith(("_type", "_parsing", "_attributes_type")):
        problem = f"`{key}` must be {_KINDS[base]}, not {_noun(detail['input'])}"
        return "wrong-type", problem, _way_out(base, detail["input"])
    return "invalid-value", f"`{key}`: {detail['msg'][:1].lower()}{detail['msg'][1:]}", ()


def _way_out(kind: str, given: Any) -> str | tuple[str, ...]:
    """How to write what was given as what belongs there."""
    if kind == "string" and not isinstance(given, (dict, list)):
        return "quote it"
    if kind in ("tuple", "list") and isinstance(given, str) and given.strip():
        return f"write `[{', '.join(given.split())}]`"
    if kind == "int" and isinstance(given, str) and given.strip().isdecimal():
        return "leave out the quotes"
    if kind in ("dict", "model"):
        return named_by_keys(given) or "write its keys in braces, `{...}`, or indented below it"
    return ()


def _noun(value: Any) -> str:
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


def _shown(value: Any) -> str:
    return f"`{value}`" if isinstance(value, (str, int, float)) else _noun(value)


def _example(model: type[BaseModel], loc: tuple[int | str, ...]) -> str | tuple[str, ...]:
    field = fields_at(model, loc[:-1]).get(str(loc[-1]))
    description = getattr(field, "description", None)
    return f"add `{loc[-1]}:`: {description}" if description else f"add `{loc[-1]}:`"
