"""Which keys a place in the spec takes, read from the models that validate it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from compiler.validate.shapes import Shape


def fields_at(model: Any, loc: tuple[int | str, ...]) -> Mapping[str, Any]:
    """The fields, by the user's key, of the section at a path below a model."""
    for part in loc:
        model = _below(model, part)
    section = _section(model)
    fields = section.model_fields.items() if section else ()
    return {field.alias or name: field for name, field in fields}


def _below(annotation: Any, part: int | str) -> Any:
    """What an annotation such as `dict[str, Mount]` or `Canary | None` says of one key below it."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is dict:
        return inner[1]
    if origin in (tuple, list):
        return inner[0]
    if origin is not None:
        return next((found for one in inner if (found := _below(one, part)) is not None), None)
    field = fields_at(annotation, ()).get(str(part))
    return field.annotation if field else None


def _section(annotation: Any) -> type[BaseModel] | None:
    """The section that an annotation holds, at whatever depth."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_section(part) for part in get_args(annotation))
    return next((found for found in inner if found is not None), None)


def keys_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> Iterable[str]:
    # The environments are merged before `spec` is validated.
    merged = ("environments",) if model is Shape and not loc else ()
    return (*fields_at(model, loc), *merged)
