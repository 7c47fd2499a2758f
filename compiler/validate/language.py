"""Collect the words of the language: its keys, the values that it names, and the types of components."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

from compiler.registry import all_types, existing
from compiler.spec.root import Header, Shape
from compiler.spec.section import Section, fields
from compiler.spec.served_model import ModelSpec
from compiler.spec.tenant import WorkloadSpec


@cache
def language_keys() -> frozenset[str]:
    """Every key of every section of the language."""
    keys = {key for kind in _kinds() if _is_section(kind) for _, key, _ in fields(kind)}
    return frozenset({"environments", *keys})


@cache
def language_words() -> frozenset[str]:
    """Every key, every value that a field lists, and every type."""
    values = {kind for kind in _kinds() if isinstance(kind, str)}
    return frozenset({*language_keys(), *values, *all_types()})


def _kinds() -> Iterator[Any]:
    """The sections of the language, and the types and values in the types of their fields."""
    queue: list[Any] = [Header, Shape, ModelSpec, WorkloadSpec]
    queue += [existing(type).Spec for type in all_types()]
    read: set[Any] = set()
    while queue:
        kind = queue.pop()
        if not _is_section(kind):
            queue += get_args(kind)
        elif kind not in read:
            read.add(kind)
            queue += [field.annotation for _, _, field in fields(kind)]
        yield kind


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Section)
