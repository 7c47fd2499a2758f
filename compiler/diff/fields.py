"""Compare two manifests field by field.

List elements are matched by their names if they have names: an inserted container or variable is
one change, not a shift of all later ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.model.effects import FieldChange
from compiler.model.sameness import same


def differences(before: Any, after: Any, path: str = "") -> Iterator[FieldChange]:
    """Every field that differs, sorted by path."""
    if same(before, after):
        return
    old, new = _named(before), _named(after)
    if old is None or new is None:
        yield FieldChange(path, before, after)
        return
    for key in sorted(old.keys() | new.keys()):
        yield from differences(old.get(key), new.get(key), f"{path}/{key}" if path else key)
    if list(old) != list(new) and old.keys() == new.keys() and isinstance(before, list):
        yield FieldChange(path, list(old), list(new))


def _named(value: Any) -> dict[str, Any] | None:
    """A map, or a list as a map by the names of its elements; None for other values."""
    if isinstance(value, dict):
        return {str(key).replace("/", "~1"): inner for key, inner in value.items()}
    if isinstance(value, list) and value:
        names = [_name(element) for element in value]
        if None not in names and len(set(names)) == len(names):
            return {str(name): element for name, element in zip(names, value, strict=True)}
    return None


def _name(element: Any) -> str | None:
    if not isinstance(element, dict):
        return None
    if "name" in element:
        return str(element["name"])
    if "metadata" in element:  # a volume-claim template
        return str(element["metadata"].get("name"))
    return None
