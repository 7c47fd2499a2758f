"""The type of an object as it is written: maps, lists and scalars."""

from typing import Any

Manifest = dict[str, Any]
