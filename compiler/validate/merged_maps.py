"""Explain the errors of a map that an environment merges into the base's: the override is their cause.

The base's map is right alone, so its position and the usual help would mislead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from compiler.diagnostics import Related
from compiler.document import MergedNode, Node, Path
from compiler.document.span import Span
from compiler.validate.errors import FieldError

_MOST_KEYS = 3  # of the base, which are named: one of more is seldom the cause


class Merge(Struct, frozen=True):
    """The override that makes a map wrong, a part of the base's map, and the key to write or to delete."""

    span: Span
    related: Related
    help: str


def merge_of(error: FieldError, full: Path, document: Node) -> Merge | None:
    """The merge that causes the error at a path; None if the base or the override is wrong alone."""
    if error.type == "missing":
        return _removal(document.at(full[:-1]), str(full[-1]))
    if error.reason is None or not isinstance(error.value, Mapping):
        return None
    marked = error.reason.at
    return _combination(document.at(full[:-1] if marked else full), marked)


def _removal(node: Node, key: str) -> Merge | None:
    """The override that removes a key which the section must have."""
    if not isinstance(node, MergedNode):
        return None
    if key not in node.base_keys or key not in node.override_keys:
        return None
    return Merge(
        node.override_keys[key],
        Related("it removes this key of the base", node.base_keys[key]),
        "delete this line: the base's value stays then",
    )


def _combination(node: Node, marked: str) -> Merge | None:
    """The override of a map that a check refuses with the keys of the base; `marked` is the key that it names."""
    if not isinstance(node, MergedNode):
        return None
    keys = [key for key in _of_base_alone(node) if marked in ("", key)]
    if not 0 < len(keys) <= _MOST_KEYS:
        return None
    names = ", ".join(f"`{key}`" for key in keys)
    nulls = ", ".join(f"{key}: null" for key in keys)
    return Merge(
        min(node.override_keys.values()),
        Related(f"it is merged into the base's map, which has {names}", node.keys[keys[0]]),
        f"write `{nulls}` next to it to remove what the base has",
    )


def _of_base_alone(node: MergedNode) -> list[Any]:
    """The keys of the base that the override neither changes nor removes."""
    return [key for key, _ in node.entries() if key not in node.override_keys]
