"""Walk through documents of maps and lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def maps(value: Any) -> Iterator[dict[str, Any]]:
    """Each map in a value, with itself if it is one."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, (dict, list)):
            yield from maps(inner)
