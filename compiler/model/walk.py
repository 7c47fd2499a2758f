"""A parsed spec as a tree: its sections and their paths, in the user's own keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from compiler.model.document import Path


def sections(value: Any, path: Path = ()) -> Iterator[tuple[Path, BaseModel]]:
    """Every section at or below a value, the outer before the inner."""
    if isinstance(value, BaseModel):
        yield path, value
        for name, field in type(value).model_fields.items():
            yield from sections(getattr(value, name), (*path, field.alias or name))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from sections(inner, (*path, key))
    elif isinstance(value, tuple):
        for index, inner in enumerate(value):
            yield from sections(inner, (*path, index))
