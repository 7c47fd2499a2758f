"""Parse YAML documents from other projects, with a limit on the size that their aliases expand to.

Nested aliases can expand a text of a kilobyte to a value of a million objects.
"""

from __future__ import annotations

from typing import Any

from compiler.model.memo import Memo

MOST_VALUES = 2_000_000  # some ten times the size of the largest release


class TooLargeError(Exception):
    """The documents repeat more by aliases than anything would need."""


def documents(data: bytes) -> list[Any]:
    """Every document of a stream. Raises yaml.YAMLError, or TooLargeError."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    sizes = Memo()
    try:
        parsed = list(yaml.load_all(data, Loader=loader))  # both loaders are safe
        count = sum(_size(document, sizes) for document in parsed)
    except RecursionError as error:  # a value that holds itself is one, too
        raise TooLargeError("it is nested too deeply") from error
    if count > MOST_VALUES:
        raise TooLargeError(f"it holds more than {MOST_VALUES} values")
    return parsed


def _size(value: Any, sizes: Memo) -> int:
    """The number of values in a value; a shared value is counted once, and added for each use."""
    if not isinstance(value, (dict, list)):
        return 1
    return sizes(_size_of_all, value, sizes)


def _size_of_all(value: dict[Any, Any] | list[Any], sizes: Memo) -> int:
    children = value.values() if isinstance(value, dict) else value
    return 1 + sum(_size(child, sizes) for child in children)
