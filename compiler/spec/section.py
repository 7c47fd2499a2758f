"""A section of the language: a closed map, read strictly, and never changed once it is.

A module that holds sections does without `from __future__ import annotations`: msgspec would compile
the text of each annotation, and again for every section that inherits it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, dataclass_transform, get_args, get_origin

from msgspec import Meta, Struct, StructMeta, field, structs, to_builtins
from msgspec.structs import FieldInfo, force_setattr


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
class _Frozen(StructMeta):
    """Makes every section as this file says, without each having to say it."""

    def __new__(cls, *args: Any, **options: Any) -> Any:
        return super().__new__(cls, *args, **{"frozen": True, "kw_only": True, **options})


class Section(
    Struct, metaclass=_Frozen, forbid_unknown_fields=True, omit_defaults=True, rename="camel"
):
    """A map of the spec; its keys are those of the fields in camelCase, and it takes no others."""

    def __post_init__(self) -> None:
        for name, read in _read_closely(type(self)):
            value = getattr(self, name)
            if value is not None:
                force_setattr(self, name, read(value))
        self.check()

    def check(self) -> None:
        """Raise a Refusal where the fields do not go together; what each may be is in its type."""

    def written(self) -> dict[str, Any]:
        """What differs from the defaults, under the user's own keys."""
        made: dict[str, Any] = to_builtins(self)
        return made


def keys(section: Section | type[Section]) -> Iterator[tuple[str, str]]:
    """The fields of a section, each with the key that users write."""
    return zip(section.__struct_fields__, section.__struct_encode_fields__, strict=True)


def fields(section: Section | type[Section]) -> tuple[FieldInfo, ...]:
    """The fields of a section: their names, the users' keys for them, their types and defaults."""
    return _fields(section if isinstance(section, type) else type(section))


@cache
def _fields(section: type[Section]) -> tuple[FieldInfo, ...]:
    return structs.fields(section)


@cache
def _read_closely(section: type[Section]) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    """The fields whose word is more than a pattern, and what reads it into its canonical form."""
    found = ((field.name, _reader(field.type)) for field in fields(section))
    return tuple((name, read) for name, read in found if read is not None)


def _reader(annotation: Any) -> Callable[[Any], Any] | None:
    for meta in getattr(annotation, "__metadata__", ()):
        extra = (meta.extra if isinstance(meta, Meta) else None) or {}
        if "read" in extra:
            found: Callable[[Any], Any] = extra["read"]
            return found
    if get_origin(annotation) in (dict, tuple):
        return None
    return next((read for part in get_args(annotation) if (read := _reader(part))), None)
