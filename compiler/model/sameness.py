"""Compare values as JSON has them: `1`, `1.0` and `true` are three values, which Python counts as equal."""

from __future__ import annotations

from typing import Any


def same(left: Any, right: Any) -> bool:
    """Whether two values of manifests are the same, also inside maps and lists."""
    if left is right:
        return True
    if type(left) is not type(right) or left != right:
        return False
    if isinstance(left, str):
        return True
    # Equal maps in the same order have the same text; it is found without a call for each value.
    return repr(left) == repr(right) or _same_inside(left, right)


def _same_inside(left: Any, right: Any) -> bool:
    if isinstance(left, dict):
        return all(same(value, right[key]) for key, value in left.items())
    return isinstance(left, list | tuple) and all(map(same, left, right))
