"""Read pydantic's errors of a section, each with the field of the language that has the error.

Pydantic reports every error at once, with its location and type; the types are listed at
https://docs.pydantic.dev/latest/errors/validation_errors/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from msgspec import Struct
from pydantic import Tag, ValidationError
from pydantic.fields import FieldInfo

from compiler.document import Node
from compiler.spec.constraints import InvalidValue
from compiler.spec.section import LONG, SHORT, Section, accepts, fields

# The text to write instead, in one line or several.
Help = str | tuple[str, ...]
Loc = tuple[int | str, ...]
_KEY = "[key]"  # pydantic's last location part if a map's key is wrong


class FieldError(Struct, frozen=True):
    """An error of one value or one key of a section."""

    loc: Loc  # the location in the section
    type: str  # pydantic's name of the error
    message: str  # pydantic's sentence about it
    value: Any  # the value in the spec
    context: Mapping[str, Any]
    parent: Any  # the type of the enclosing map or list
    expected: Any  # the expected type; None for an unknown key
    on_key: bool = False
    node: Node | None = None  # for an unknown key: the map that has it
    neighbours: Mapping[str, Any] = {}  # for an unknown amount: the values of its map

    @property
    def reason(self) -> InvalidValue | None:
        """The language's own reason, or None if the error is pydantic's."""
        error = self.context.get("error")
        return error if isinstance(error, InvalidValue) else None

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the section."""
        return tuple(key for _, key, _ in fields(self.parent))

    @property
    def instead(self) -> str | None:
        """The section's own help for an unknown key."""
        if not _is_section(self.parent):
            return None
        help: str | None = self.parent.instead_of(str(self.loc[-1]), self.value)
        return help

    @property
    def other_forms(self) -> frozenset[str]:
        """Unknown keys that stand for the whole section."""
        return self.parent.other_forms if _is_section(self.parent) else frozenset()

    @property
    def required(self) -> tuple[str, ...]:
        """The required keys of the section that is expected here."""
        return _required(self.expected)

    @property
    def in_list(self) -> bool:
        """Whether the value is an entry of a list."""
        return bool(self.loc) and isinstance(self.loc[-1], int)

    @property
    def entry(self) -> tuple[str, ...] | None:
        """The required keys of each map in the list that is expected here; None if that has no maps."""
        is_list = get_origin(self.expected) is tuple
        entry = _plain(get_args(self.expected)[0]) if is_list else None
        return _required(entry) if _is_section(entry) else None

    @property
    def defaults(self) -> Mapping[str, Any]:
        """The defaults of the section's fields, by their keys."""
        return {key: field.default for _, key, field in fields(self.parent)}

    @property
    def allowed(self) -> tuple[str, ...]:
        """The values that a field accepts, from pydantic's message."""
        return tuple(re.findall(r"'([^']*)'", self.context["expected"]))

    @property
    def only(self) -> str | None:
        """The only value that the field accepts, if there is just one."""
        words = get_args(self.expected) if get_origin(self.expected) is Literal else ()
        return str(words[0]) if len(words) == 1 else None

    def accepts(self, value: Any) -> bool:
        """Whether the field accepts another value; a value of a map or a list counts as accepted."""
        field = _field(self.parent, self.loc[-1])
        if field is None:
            return True
        annotation: Any = Annotated[field.annotation, None, *field.metadata]
        return accepts(annotation, value)

    @property
    def description(self) -> str:
        """The field's description."""
        field = _field(self.parent, self.loc[-1])
        return (field.description if field else None) or ""


def field_errors(error: ValidationError, section: type[Section]) -> Iterator[FieldError]:
    """All errors of parsing a value as a section."""
    for details in error.errors(include_url=False):
        loc, value, context = details["loc"], details["input"], details.get("ctx", {})
        on_key = loc[-1:] == (_KEY,) and loc[-2:-1] == (value,)
        loc = loc[:-1] if on_key else loc
        reason = context.get("error")
        if isinstance(reason, InvalidValue) and reason.at:
            loc = (*loc, reason.at)
        types = _types(section, loc)
        loc = tuple(key for key in loc if key not in (SHORT, LONG))
        yield FieldError(
            loc, details["type"], details["msg"], value, context, types[-2], types[-1], on_key
        )


def without(value: Any, loc: Loc) -> Any:
    """A value without the part at a location; for an element of a list, without the whole list."""
    if not loc or not isinstance(value, dict) or loc[0] not in value:
        return value
    rest = {key: inner for key, inner in value.items() if key != loc[0]}
    below = value[loc[0]]
    if len(loc) == 1 or not isinstance(below, dict):
        return rest
    return {**rest, loc[0]: without(below, loc[1:])}


def _types(section: type[Section], loc: Loc) -> list[Any]:
    """The types on the way to a location: last the enclosing map's or list's, then the value's."""
    types: list[Any] = [None, section]
    for key in loc:
        if key in (SHORT, LONG):
            types[-1] = _form(types[-1], key)
        else:
            types.append(_plain(_below(types[-1], key)))
    return types


def _form(union: Any, form: int | str) -> Any:
    """The type of the short or the long form of a value that has both."""
    return next(
        _plain(option) for option in get_args(union) if Tag(str(form)) in option.__metadata__
    )


def _below(type: Any, key: int | str) -> Any:
    field = _field(type, key)
    if field is not None:
        return field.annotation
    return get_args(type)[-1 if get_origin(type) is dict else 0] if get_args(type) else None


def _field(type: Any, key: int | str) -> FieldInfo | None:
    if not _is_section(type):
        return None
    return next((field for _, field_key, field in fields(type) if field_key == key), None)


def _required(section: Any) -> tuple[str, ...]:
    keys = fields(section) if _is_section(section) else ()
    return tuple(key for _, key, field in keys if field.is_required())


def _is_section(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Section)


def _plain(annotation: Any) -> Any:
    """A type without its constraints, and without None for optional fields."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    options = get_args(annotation)
    return _plain(options[0]) if NoneType in options else annotation
