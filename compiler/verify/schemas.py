"""The folder of schemas against which objects are checked."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


@cache
def schemas() -> Path:
    """The folder of pinned schemas: next to the package in a checkout, inside it when installed."""
    inside = _PACKAGE / "schemas"
    return inside if inside.is_dir() else _PACKAGE.parent / "schemas"
