"""YAML documents of others, read with a bound on what their aliases repeat.

Nested aliases make a text of a kilobyte a value of a million objects to whoever walks it.
"""

from __future__ import annotations

from typing import Any

MOST_VALUES = 2_000_000  # some ten times what the largest release holds


class TooLargeError(Exception):
    """The documents repeat more by aliases than anything would need."""


def documents(data: bytes) -> list[Any]:
    """Every document of a stream. Raises yaml.YAMLError, or TooLargeError."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    sizes: dict[int, int] = {}
    try:
        found = list(yaml.load_all(data, Loader=loader))  # both loaders are safe
        count = sum(_size(document, sizes) for document in found)
    except RecursionError as error:
        raise TooLargeError("it is nested too deeply") from error
    if count > MOST_VALUES:
        raise TooLargeError(f"it holds more than {MOST_VALUES} values")
    return found


def _size(value: Any, sizes: dict[int, int]) -> int:
    """How many values a walk meets; each shared one is counted once and added each time."""
    if not isinstance(value, (dict, list)):
        return 1
    known = sizes.get(id(value))
    if known is None:
        sizes[id(value)] = MOST_VALUES + 1  # of a value that holds itself
        inner = value.values() if isinstance(value, dict) else value
        known = sizes[id(value)] = 1 + sum(_size(one, sizes) for one in inner)
    return known
