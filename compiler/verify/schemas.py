"""The folder of schemas against which objects are checked."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from compiler.files import is_packaged

_PACKAGE = Path(__file__).parent.parent


@cache
def schemas() -> Path:
    """The folder of pinned schemas: next to the package in a checkout, inside it when installed."""
    inside = _PACKAGE / "schemas"
    return inside if is_packaged(inside) else _PACKAGE.parent / "schemas"
