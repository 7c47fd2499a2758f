"""All that is wrong with a section at once: msgspec, which reads it, stops at the first mistake.

The same types are asked; a spec that msgspec reads has no mistake here, and the other way round.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct, ValidationError, convert, inspect

from compiler.spec.constraints import Refusal

Loc = tuple[int | str, ...]


class Mistake(Struct, frozen=True):
    """One value that can't stand where it does, below the section that was read."""

    loc: Loc
    given: Any


class UnknownKey(Mistake, frozen=True):
    """A key that its section does not have."""

    keys: tuple[str, ...]  # that it has


class MissingKey(Mistake, frozen=True):
    """A key that its section must have."""

    description: str
    only: str | None = None  # the one word that it takes, if it is one


class WrongShape(Mistake, frozen=True):
    """Not the kind of value that belongs there, or none at all."""

    wanted: type[inspect.Type]
    must: tuple[str, ...] = ()  # keys that a section must have


class OutOfRange(Mistake, frozen=True):
    """A number, or a count of what a value has, beyond a bound."""

    words: str
    bound: int | float
    counted: str = ""


class Mismatch(Mistake, frozen=True):
    """A text that its pattern does not match."""

    pattern: str
    description: str


class UnknownValue(Mistake, frozen=True):
    """None of the words that a field takes."""

    allowed: tuple[str, ...]


class Refused(Mistake, frozen=True):
    """What a word of the language, or a section as a whole, says against a value."""

    refusal: Refusal
    key: bool = False  # whether it is a map's key that is refused


class _Told(Struct, frozen=True):
    """What the language says of a type besides its kind."""

    extra: Mapping[str, Any] = {}
    description: str = ""


def mistakes(value: Any, model: Any) -> Iterator[Mistake]:
    """Everything that keeps a value from being read as a model."""
    return _of(value, inspect.type_info(model), ())


_NOTHING = _Told()


def _of(value: Any, wanted: inspect.Type, loc: Loc, told: _Told = _NOTHING) -> Iterator[Mistake]:
    kind = _BY_KIND.get(type(wanted))
    return kind(value, wanted, loc, told) if kind else iter(())


def _of_annotated(value: Any, wanted: inspect.Metadata, loc: Loc, told: _Told) -> Iterator[Mistake]:
    said = str((wanted.extra_json_schema or {}).get("description", told.description))
    return _of(value, wanted.type, loc, _Told(wanted.extra or told.extra, said))


def _of_union(value: Any, wanted: inspect.UnionType, loc: Loc, told: _Told) -> Iterator[Mistake]:
    """What may be left out, or an amount, which may be a number."""
    kinds = set(map(type, wanted.types))
    if value is None and inspect.NoneType in kinds:
        return iter(())
    if inspect.FloatType in kinds and type(value) in (int, float):
        value = str(value)
    first = next(one for one in wanted.types if not isinstance(one, inspect.NoneType))
    return _of(value, first, loc, told)


def _of_section(value: Any, wanted: inspect.StructType, loc: Loc, _: _Told) -> Iterator[Mistake]:
    if not isinstance(value, dict):
        must = tuple(field.encode_name for field in wanted.fields if field.required)
        yield WrongShape(loc, value, inspect.StructType, must)
        return
    known = {field.encode_name: field for field in wanted.fields}
    sound = True
    for key, inner in value.items():
        field = known.get(key)
        found: Iterator[Mistake] = (
            iter((UnknownKey((*loc, key), inner, tuple(known)),))
            if field is None
            else _of(inner, field.type, (*loc, key))
        )
        for mistake in found:
            sound = False
            yield mistake
    for key, field in known.items():
        if field.required and key not in value:
            sound = False
            yield MissingKey((*loc, key), value, description_of(field), _only_word(field.type))
    if sound:
        yield from _as_a_whole(value, wanted, loc)


def _as_a_whole(value: dict[str, Any], wanted: inspect.StructType, loc: Loc) -> Iterator[Mistake]:
    """What a section whose fields are right, each by itself, says against them together."""
    try:
        convert(value, wanted.cls)
    except ValidationError as error:
        refusal = error.__cause__
        if not isinstance(refusal, Refusal):
            raise
        at = (refusal.at,) if refusal.at else ()
        yield Refused((*loc, *at), value, refusal)


def _only_word(wanted: inspect.Type) -> str | None:
    words = wanted.values if isinstance(wanted, inspect.LiteralType) else ()
    return str(words[0]) if len(words) == 1 else None


def description_of(field: inspect.Field) -> str:
    """What a field says of itself."""
    told = field.type.extra_json_schema if isinstance(field.type, inspect.Metadata) else None
    return str((told or {}).get("description", ""))


def _of_map(value: Any, wanted: inspect.DictType, loc: Loc, _: _Told) -> Iterator[Mistake]:
    if not isinstance(value, dict):
        yield WrongShape(loc, value, inspect.DictType)
        return
    for key, inner in value.items():
        for mistake in _of(key, wanted.key_type, (*loc, key)):
            yield Refused(mistake.loc, key, _refusal(mistake), key=True)
        yield from _of(inner, wanted.value_type, (*loc, key))
    yield from _too_few(value, wanted.min_length, loc)


def _refusal(mistake: Mistake) -> Refusal:
    """What is wrong with a key, which is a text: its word's refusal, or its pattern."""
    if isinstance(mistake, Refused):
        return mistake.refusal
    pattern = mistake.pattern if isinstance(mistake, Mismatch) else "a text"
    message = f"`{mistake.given}` can't be a key here"
    return Refusal("invalid-name", message, f"it must match `{pattern}`")


def _of_list(value: Any, wanted: inspect.VarTupleType, loc: Loc, _: _Told) -> Iterator[Mistake]:
    if not isinstance(value, list):
        yield WrongShape(loc, value, inspect.VarTupleType)
        return
    for index, inner in enumerate(value):
        yield from _of(inner, wanted.item_type, (*loc, index))
    yield from _too_few(value, wanted.min_length, loc)


def _too_few(value: Any, least: int | None, loc: Loc) -> Iterator[Mistake]:
    if least is not None and len(value) < least:
        counted = "character" if isinstance(value, str) else "entry"
        yield OutOfRange(loc, value, "must have at least", least, counted)


def _of_text(value: Any, wanted: inspect.StrType, loc: Loc, told: _Told) -> Iterator[Mistake]:
    if not isinstance(value, str):
        yield WrongShape(loc, value, inspect.StrType)
    elif "read" in told.extra:
        yield from _of_word(value, loc, told)
    elif wanted.min_length:
        yield from _too_few(value, wanted.min_length, loc)
    elif wanted.pattern and not re.search(wanted.pattern, value):
        if "form" in told.extra:
            yield Refused(loc, value, told.extra["form"].refusal(value))
        else:
            yield Mismatch(loc, value, wanted.pattern, told.description)


def _of_word(value: Any, loc: Loc, told: _Told) -> Iterator[Mistake]:
    try:
        told.extra["read"](value)
    except Refusal as refusal:
        yield Refused(loc, value, refusal)


def _of_number(value: Any, wanted: inspect.IntType, loc: Loc, told: _Told) -> Iterator[Mistake]:
    if not isinstance(value, int) or isinstance(value, bool):
        yield WrongShape(loc, value, inspect.IntType)
    elif wanted.ge is not None and value < wanted.ge:
        yield OutOfRange(loc, value, "must be at least", wanted.ge)
    elif wanted.le is not None and value > wanted.le:
        yield OutOfRange(loc, value, "must be at most", wanted.le)
    elif "read" in told.extra:
        yield from _of_word(value, loc, told)


def _of_switch(value: Any, wanted: inspect.BoolType, loc: Loc, _: _Told) -> Iterator[Mistake]:
    if not isinstance(value, bool):
        yield WrongShape(loc, value, inspect.BoolType)


def _of_choice(value: Any, wanted: inspect.LiteralType, loc: Loc, _: _Told) -> Iterator[Mistake]:
    if not isinstance(value, str) or value not in wanted.values:
        yield UnknownValue(loc, value, tuple(map(str, wanted.values)))


_BY_KIND: dict[type[inspect.Type], Callable[[Any, Any, Loc, _Told], Iterator[Mistake]]] = {
    inspect.Metadata: _of_annotated,
    inspect.UnionType: _of_union,
    inspect.StructType: _of_section,
    inspect.DictType: _of_map,
    inspect.VarTupleType: _of_list,
    inspect.StrType: _of_text,
    inspect.IntType: _of_number,
    inspect.BoolType: _of_switch,
    inspect.LiteralType: _of_choice,
}
