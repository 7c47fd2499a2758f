"""Amounts of disk and memory that an instance has, held against what it needs."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from compiler.document import Path


class Size(Struct, frozen=True):
    """An amount in bytes that a key of an instance's section sets, or its default."""

    code: Literal["volume-size", "memory-limit"]
    key: Path  # below the instance's section
    has: int
    needed: int
    reckoning: str  # how `needed` adds up, in words


def volume(has: int, needed: int, reckoning: str) -> Size:
    """A volume, whose size is `storage`."""
    return Size("volume-size", ("storage",), has, needed, reckoning)


def memory(has: int, needed: int, reckoning: str) -> Size:
    """The memory limit of a container."""
    return Size("memory-limit", ("resources", "limits", "memory"), has, needed, reckoning)
