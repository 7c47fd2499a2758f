"""A key that its section does not have, as the advice about it sees the spec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class UnknownKey(Struct, frozen=True):
    """A key without a meaning in its section, with its value."""

    name: str
    value: Any
    keys: tuple[str, ...]  # the keys that the section has
    defaults: Mapping[str, Any]  # the default values of the section's fields, by key
    neighbours: Mapping[str, Any]  # the map in the spec that contains the key
