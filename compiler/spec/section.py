"""Define a section of the language: a closed map that is parsed strictly and then frozen.

Models are built when the first value is parsed (`defer_build`), because a compile needs only a few
of them. Modules with sections do not use `from __future__ import annotations`: pydantic would have
to evaluate every annotation. A field's default and description are the arguments of a `Field` that is
assigned to it: `Annotated` for each field would take a fifth of the time to define a section.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NoReturn, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Strict,
    Tag,
    TypeAdapter,
    ValidationError,
)
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

T = TypeVar("T")
L = TypeVar("L")

# A list of the spec, parsed into a tuple because sections are frozen.
ListOf = Annotated[tuple[T, ...], Strict(False)]

# The two forms of a value, as pydantic names them in the place of an error. No key has a NUL.
SHORT, LONG = "\0short", "\0long"


def _form(value: Any) -> str:
    return LONG if isinstance(value, (dict, BaseModel)) else SHORT


# A value with a short form, text or a number, and a long form, a map.
Forms = Annotated[Annotated[T, Tag(SHORT)] | Annotated[L, Tag(LONG)], Discriminator(_form)]


class Section(BaseModel):
    """A map of the spec. Its keys are the field names in camelCase; other keys are errors."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        defer_build=True,
        alias_generator=cache(to_camel),
        validate_by_alias=True,
        validate_by_name=True,  # for sections that the compiler creates; see `parse`
    )

    if not TYPE_CHECKING:  # the type checker would take every name for a field

        def __getattr__(self, name: str) -> NoReturn:
            # Called for a name that is no field. Pydantic would look for private and extra fields,
            # which a section never has; rules ask for fields that only some sections have.
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    # Keys of earlier releases or similar types that the section lacks, each with the help of the error.
    moved: ClassVar[Mapping[str, str]] = {}
    # Keys of other tools that stand for the whole section, so that it lacks its own keys.
    other_forms: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def instead_of(cls, key: str, value: Any) -> str | None:
        """The help for an unknown key that the section knows as one of another place or form."""
        return cls.moved.get(key)

    def model_post_init(self, context: Any, /) -> None:
        self.check()

    def check(self) -> None:
        """Raise InvalidValue if fields contradict each other; their types check each field separately."""

    def written(self) -> dict[str, Any]:
        """The values that differ from the defaults, under the keys of the spec."""
        return self.model_dump(by_alias=True, exclude_defaults=True)


S = TypeVar("S", bound=Section)


def parse(section: type[S], value: Any) -> S:
    """Parse the user's value. Raises pydantic's ValidationError, which contains every mistake."""
    return section.model_validate(value, by_alias=True, by_name=False)


def accepts(type: Any, value: Any) -> bool:
    """Whether a type of the language accepts a value."""
    try:
        TypeAdapter(type).validate_python(value)
    except ValidationError:
        return False
    return True


def fields(section: type[Section]) -> Iterator[tuple[str, str, FieldInfo]]:
    """The fields of a section: name, key in the spec, and definition."""
    for name, field in section.model_fields.items():
        yield name, field.alias or to_camel(name), field
