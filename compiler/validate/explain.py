"""A mistake in the user's words: code, place, what to type, and the edit that mends it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import inspect

from compiler.diagnostics import Report, correction, listing, near, suggestion
from compiler.diagnostics.fix import Edit, Fix
from compiler.diagnostics.masking import value_masked
from compiler.document import Node, Path
from compiler.spec.root import Shape
from compiler.specialise import named_by_keys
from compiler.validate.mistakes import (
    Mismatch,
    MissingKey,
    Mistake,
    OutOfRange,
    Refused,
    UnknownKey,
    UnknownValue,
    WrongShape,
    mistakes,
)

_OUTLINE = ("apiVersion", "kind", "metadata", "spec")  # the keys at the top
_BELOW_SPEC = (*Shape.__struct_encode_fields__, "environments")


def explain(value: Any, model: Any, path: Path, document: Node, report: Report) -> None:
    """Report what keeps a value at a path from being read as a model."""
    for mistake in _causes(list(mistakes(value, model))):
        _explain(mistake, path, document, report)


def _causes(found: Sequence[Mistake]) -> Iterator[Mistake]:
    """Without the keys that are missing because they are misspelt right there."""
    unknown = [one for one in found if isinstance(one, UnknownKey)]
    meant = {(*one.loc[:-1], near(str(one.loc[-1]), one.keys)) for one in unknown}
    if any(map(_below_spec, unknown)):
        meant.add(("spec",))
    for one in found:
        if not isinstance(one, MissingKey) or one.loc not in meant:
            yield one


def _below_spec(mistake: UnknownKey) -> bool:
    """Whether a key at the top belongs one level down."""
    return mistake.keys == _OUTLINE and mistake.loc[-1] in _BELOW_SPEC


def _explain(mistake: Mistake, path: Path, document: Node, report: Report) -> None:
    """Turn one mistake below a path into a diagnostic."""
    full = (*path, *mistake.loc)
    code, message, help = _reason(mistake, full)
    message = value_masked(message, full, mistake.given)
    on_key = code in ("unknown-key", "missing-key", "null-value") or (
        isinstance(mistake, Refused) and mistake.key
    )
    span = document.span_of(full) if on_key else document.value_span(full)
    fix = _fix(mistake, document, full)
    report.add(code, message, span, path=full, help=help, fix=fix)


def _fix(mistake: Mistake, document: Node, full: Path) -> Fix | None:
    """The edit that takes a mistake away, where only one can be meant."""
    if isinstance(mistake, UnknownKey):
        return correction(document.span_of(full), str(full[-1]), _known(mistake))
    if isinstance(mistake, MissingKey):
        return _added(mistake, document, full)
    value = document.at(full)
    if value is None or value.span.line != value.span.end_line:
        return None
    given, text = mistake.given, None
    if isinstance(mistake, WrongShape):
        if given is None:
            empty = _EMPTY.get(mistake.wanted)
            return Fix(value.span, empty) if empty else None
        if mistake.wanted is inspect.StrType and isinstance(given, (bool, int, float)):
            return Fix(value.span, edit=Edit.QUOTE)
        text = _unquoted(mistake.wanted, given) if isinstance(given, str) else None
    elif isinstance(mistake, UnknownValue) and isinstance(given, str):
        return correction(value.span, given, mistake.allowed)
    elif isinstance(mistake, Refused):
        text = mistake.refusal.meant
    return Fix(value.span, text) if text else None


def _added(mistake: MissingKey, document: Node, full: Path) -> Fix | None:
    """The line that is missing at the top, where only one can stand there."""
    if mistake.only is None or len(full) > 1 or document.flow:
        return None
    behind = _OUTLINE[_OUTLINE.index(str(full[-1])) :]
    places = sorted(document.keys[key] for key in behind if key in document.keys)
    return Fix(places[0], f"{full[-1]}: {mistake.only}", Edit.INSERT) if places else None


def _known(mistake: UnknownKey) -> tuple[str, ...]:
    # The environments are merged before `spec` is read.
    whole = mistake.keys == Shape.__struct_encode_fields__
    return (*mistake.keys, "environments") if whole else mistake.keys


_EMPTY: dict[type[inspect.Type], str] = {
    inspect.StructType: "{}",
    inspect.DictType: "{}",
    inspect.VarTupleType: "[]",
}
_NOTHING = {"{}": "all defaults", "[]": "none"}
_SWITCHES = {
    "true": "true",
    "yes": "true",
    "on": "true",
    "false": "false",
    "no": "false",
    "off": "false",
}


def _unquoted(wanted: type[inspect.Type], text: str) -> str | None:
    """What a text is where a number, a switch or a list belongs, if it can be one."""
    if wanted is inspect.IntType:
        return text if re.fullmatch(r"-?[0-9]{1,9}", text) else None
    if wanted is inspect.BoolType:
        return _SWITCHES.get(text.lower())
    # A command line in one word is another mistake.
    is_word = wanted is inspect.VarTupleType and re.fullmatch(r"[a-z][a-z0-9-]*", text)
    return f"[{text}]" if is_word else None


def _called(path: Path) -> str:
    """The last key of a path; an element of a list by its list's key."""
    names = [part for part in path if isinstance(part, str)]
    return names[-1] if names else "the spec"


_KINDS: dict[type[inspect.Type], str] = {
    inspect.StrType: "text", inspect.IntType: "a whole number",
    inspect.BoolType: "`true` or `false`", inspect.DictType: "a map",
    inspect.StructType: "a map", inspect.VarTupleType: "a list",
}  # fmt: skip


def _reason(mistake: Mistake, full: Path) -> tuple[str, str, str | tuple[str, ...]]:
    key, given = _called(full), mistake.given
    where = f"in `{_called(full[:-1])}`" if len(full) > 1 else "at the top"
    match mistake:
        case Refused(refusal=why):
            return why.code, why.message, why.help or ()
        case UnknownKey() if _below_spec(mistake):
            return "unknown-key", f"unknown key `{key}` {where}", f"indent `{key}:` under `spec:`"
        case UnknownKey():
            keys = _known(mistake)
            help = suggestion(key, keys) or (f"the keys are {listing(keys)}",)
            return "unknown-key", f"unknown key `{key}` {where}", help
        case MissingKey(only=word, description=told):
            line = f"{key}: {word}" if word else f"{key}:"
            add = f"add `{line}`: {told}" if told else f"add `{line}`"
            return "missing-key", f"`{key}` is missing {where}", add
        case _ if given is None:
            empty = _EMPTY.get(mistake.wanted) if isinstance(mistake, WrongShape) else None
            way_out = f"write `{empty}` for {_NOTHING[empty]}" if empty else "give it one"
            return "null-value", f"`{key}` has no value", f"{way_out}, or delete the key"
        case OutOfRange(words=words, bound=bound, counted=counted):
            return "out-of-range", f"`{key}` {words} {bound} {counted}".rstrip(), ()
        case Mismatch(pattern=pattern, description=told):
            told = told or f"it must match {pattern}"
            return "invalid-value", f"`{key}` cannot be {_shown(given)}", told
        case UnknownValue(allowed=allowed):
            help = (*suggestion(str(given), allowed), f"write {_either(allowed)}")
            return "unknown-value", f"`{key}` cannot be {_shown(given)}", help
        case WrongShape(wanted=wanted, must=must):
            problem = f"`{key}` must be {_KINDS[wanted]}, not {_noun(given)}"
            return "wrong-type", problem, _way_out(wanted, given, must)
    raise AssertionError(mistake)


def _either(words: Sequence[str]) -> str:
    quoted = [f"`{word}`" for word in words]
    return " or ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))


def _way_out(
    wanted: type[inspect.Type], given: Any, must: tuple[str, ...]
) -> str | tuple[str, ...]:
    """How to write what was given as what belongs there."""
    if wanted is inspect.StrType and not isinstance(given, (dict, list)):
        return "quote it"
    if wanted is inspect.VarTupleType and isinstance(given, str) and given.strip():
        return f"write `[{', '.join(given.split())}]`"
    if wanted is inspect.IntType and isinstance(given, str) and given.strip().isdecimal():
        return "leave out the quotes"
    if wanted in (inspect.DictType, inspect.StructType):
        keys = ", ".join(f"{key}: ..." for key in must) or "..."
        return (
            named_by_keys(given) or f"write its keys in braces, `{{{keys}}}`, or indented below it"
        )
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
