"""The schemas that objects are held against: where they lie, and of which Kubernetes they are."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent.parent


@cache
def schemas() -> Path:
    """The folder of pinned schemas: beside the package in a checkout, inside it when installed."""
    inside = _HERE / "schemas"
    return inside if inside.is_dir() else _HERE.parent / "schemas"
