"""A parsed spec as a tree: its sections and their paths, in the user's own keys."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

from compiler.document import Path
from compiler.spec.section import Section, fields


def sections(value: Any, path: Path = ()) -> Iterator[tuple[Path, Section]]:
    """Every section at or below a value that somebody wrote, the outer before the inner."""
    if isinstance(value, Section):
        yield path, value
        for name, key, default in _holding(type(value)):
            inner = getattr(value, name)
            if inner is not default:
                yield from sections(inner, (*path, key))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from sections(inner, (*path, key))
    elif isinstance(value, tuple):
        for index, inner in enumerate(value):
            yield from sections(inner, (*path, index))


@cache
def _holding(section: type[Section]) -> tuple[tuple[str, str, Any], ...]:
    """The fields that can hold a section, with the user's keys and their defaults."""
    return tuple(
        (field.name, field.encode_name, field.default)
        for field in fields(section)
        if _holds(field.type)
    )


def _holds(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return True
    return annotation is Any or any(_holds(part) for part in get_args(annotation))
