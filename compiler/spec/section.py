"""A section of the language: a closed map, read strictly, and never changed afterwards.

Models are built when the first value is read (`defer_build`), since a compile needs a few of them.
A module that holds sections does without `from __future__ import annotations`: pydantic would have
to look up every annotation by its text.
"""

from collections.abc import Iterator
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Discriminator, Strict, Tag
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

T = TypeVar("T")
L = TypeVar("L")

# A list of the spec. It is a tuple once it is read, since nothing may change it.
ListOf = Annotated[tuple[T, ...], Strict(False)]

# The two forms of a value, as pydantic names them in the place of an error. No key has a NUL.
SHORT, LONG = "\0short", "\0long"


def _form(value: Any) -> str:
    return LONG if isinstance(value, (dict, BaseModel)) else SHORT


# A value that is written as text or a number, or in its long form, as a map.
Forms = Annotated[Annotated[T, Tag(SHORT)] | Annotated[L, Tag(LONG)], Discriminator(_form)]


class Section(BaseModel):
    """A map of the spec; its keys are those of the fields in camelCase, and it takes no others."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        defer_build=True,
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=True,  # for the compiler's own sections; see `parse`
    )

    def model_post_init(self, context: Any, /) -> None:
        self.check()

    def check(self) -> None:
        """Raise InvalidValue where the fields contradict each other; their types check each alone."""

    def written(self) -> dict[str, Any]:
        """What differs from the defaults, under the user's own keys."""
        return self.model_dump(by_alias=True, exclude_defaults=True)


S = TypeVar("S", bound=Section)


def parse(section: type[S], value: Any) -> S:
    """Read what the user wrote; raises pydantic's ValidationError, which has every mistake."""
    return section.model_validate(value, by_alias=True, by_name=False)


def fields(section: type[Section]) -> Iterator[tuple[str, str, FieldInfo]]:
    """The fields of a section: the name of each, the user's key for it, and its definition."""
    for name, field in section.model_fields.items():
        yield name, field.alias or to_camel(name), field
