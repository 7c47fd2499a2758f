"""Walk a parsed spec: find its sections, with their paths in the user's keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, get_args

from compiler.document import Path
from compiler.spec.section import Section, fields

Match = Callable[[type[Section]], object]  # whether sections of a type are wanted


def sections(value: Any, path: Path, matches: Match) -> Iterator[tuple[Path, Any]]:
    """The wanted sections in a value of the spec, outer sections before inner ones.

    `matches` selects the wanted types. The fields of a type that can lead to wanted sections are found only
    once, because most of a thousand models have none.
    """
    if isinstance(value, Section):
        is_match, links = _links(type(value), matches)
        if is_match:
            yield path, value
        for name, key in links:
            if name in value.model_fields_set:
                yield from sections(getattr(value, name), (*path, key), matches)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from sections(inner, (*path, key), matches)
    elif isinstance(value, tuple):
        for index, inner in enumerate(value):
            yield from sections(inner, (*path, index), matches)


@cache
def _links(section: type[Section], matches: Match) -> tuple[bool, tuple[tuple[str, str], ...]]:
    """Whether a section is wanted, and the fields that lead to wanted ones, with their keys."""
    links = (
        (name, key)
        for name, key, types in _holders(section)
        if any(any(_links(type, matches)) for type in types)
    )
    return bool(matches(section)), tuple(links)


@cache
def _holders(section: type[Section]) -> tuple[tuple[str, str, tuple[type[Section], ...]], ...]:
    """The fields that hold sections, with their keys in the spec and the types of the sections."""
    holders = ((name, key, tuple(_types(field.annotation))) for name, key, field in fields(section))
    return tuple(holder for holder in holders if holder[2])


def _types(annotation: Any) -> Iterator[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for part in get_args(annotation):
        yield from _types(part)
