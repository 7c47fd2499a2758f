"""A parsed spec as a tree: its sections with their paths in the user's keys."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

from compiler.document import Path
from compiler.spec.section import Section, fields


def sections(value: Any, path: Path = ()) -> Iterator[tuple[Path, Section]]:
    """Every section of a value that the spec contains, outer sections before inner ones."""
    if isinstance(value, Section):
        yield path, value
        for name, key in _holding(type(value)):
            if name in value.model_fields_set:
                yield from sections(getattr(value, name), (*path, key))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from sections(inner, (*path, key))
    elif isinstance(value, tuple):
        for index, inner in enumerate(value):
            yield from sections(inner, (*path, index))


@cache
def _holding(section: type[Section]) -> tuple[tuple[str, str], ...]:
    """The fields that can hold a section, with their keys in the spec."""
    return tuple((name, key) for name, key, field in fields(section) if _holds(field.annotation))


def _holds(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return True
    return annotation is Any or any(_holds(part) for part in get_args(annotation))
