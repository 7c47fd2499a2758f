"""Parse YAML documents from other projects, with a limit on the size that their aliases expand to.

Nested aliases can expand a text of a kilobyte to a value of a million objects.
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
    size = sizes.get(id(value))
    if size is None:
        sizes[id(value)] = MOST_VALUES + 1  # in case the value holds itself
        children = value.values() if isinstance(value, dict) else value
        size = sizes[id(value)] = 1 + sum(_size(child, sizes) for child in children)
    return size
