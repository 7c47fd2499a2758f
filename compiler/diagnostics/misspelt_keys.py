"""Suggest keys for misspelt ones: never a key that the same map has, which would then occur twice."""

from __future__ import annotations

from collections.abc import Iterable

from compiler.diagnostics.fix import Fix
from compiler.diagnostics.words import closest, correction
from compiler.document import Node


def suggested_key(node: Node, key: str, candidates: Iterable[str]) -> tuple[str, ...]:
    """A help line about the closest candidate: to write it, or that the map has it."""
    close = closest(key, candidates)
    if close is None:
        return ()
    return (there_already(close) if node.has_both(key, close) else f"did you mean `{close}`?",)


def there_already(key: str) -> str:
    """The help for a second key with the meaning of one that the map has."""
    return f"`{key}` is in this map already: delete one of the two"


def key_correction(node: Node, key: str, candidates: Iterable[str]) -> Fix | None:
    """The edit that replaces a misspelt key, if one candidate is close to it and the map lacks that one."""
    span = node.keys.get(key)
    return possible(node, key, correction(span, key, candidates)) if span else None


def possible(node: Node, key: str, fix: Fix | None) -> Fix | None:
    """The edit of a key, unless the map has the new key."""
    return None if fix is None or node.has_both(key, fix.text) else fix
