"""Compare values as JSON has them: `1`, `1.0` and `true` are three values, which Python counts as equal."""

from __future__ import annotations

from typing import Any


def same(left: Any, right: Any) -> bool:
    """Whether two values of manifests are the same, also inside maps and lists."""
    if left is right:
        return True
    if type(left) is not type(right) or left != right:
        return False
    if isinstance(left, dict):
        return all(same(value, right[key]) for key, value in left.items())
    if isinstance(left, list | tuple):
        return all(map(same, left, right))
    return True
