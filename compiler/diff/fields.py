"""The difference between two manifests, field by field.

Elements of lists are known by their names where they have names: an inserted container or variable
is one change, not a shift of all that follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.diff import FieldChange


def differences(before: Any, after: Any, path: str = "") -> Iterator[FieldChange]:
    """Every field that differs, in the order of its path."""
    if before == after and type(before) is type(after):
        return
    ours, theirs = _named(before), _named(after)
    if ours is None or theirs is None:
        yield FieldChange(path, before, after)
        return
    for key in sorted(ours.keys() | theirs.keys()):
        yield from differences(ours.get(key), theirs.get(key), f"{path}/{key}" if path else key)
    if list(ours) != list(theirs) and ours.keys() == theirs.keys() and isinstance(before, list):
        yield FieldChange(path, list(ours), list(theirs))


def _named(value: Any) -> dict[str, Any] | None:
    """A map, or a list as a map by the names of its elements; None for anything else."""
    if isinstance(value, dict):
        return {str(key).replace("/", "~1"): inner for key, inner in value.items()}
    if isinstance(value, list) and value:
        names = [_name(one) for one in value]
        if None not in names and len(set(names)) == len(names):
            return {str(name): one for name, one in zip(names, value, strict=True)}
    return None


def _name(element: Any) -> str | None:
    if not isinstance(element, dict):
        return None
    if "name" in element:
        return str(element["name"])
    if "metadata" in element:  # a volume-claim template
        return str(element["metadata"].get("name"))
    return None
