"""Compare amounts of disk and memory of an instance with the required amounts."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from compiler.document import Path


class Size(Struct, frozen=True):
    """An amount in bytes from a key of an instance's section, or its default."""

    code: Literal["volume-size", "memory-limit"]
    key: Path  # below the instance's section
    has: int
    needed: int
    calculation: str  # the calculation of `needed`, in words


def volume(has: int, needed: int, calculation: str) -> Size:
    """A volume, whose size is `storage`."""
    return Size("volume-size", ("storage",), has, needed, calculation)


def memory(has: int, needed: int, calculation: str) -> Size:
    """The memory limit of a container."""
    return Size("memory-limit", ("resources", "limits", "memory"), has, needed, calculation)


def memory_request(has: int, needed: int, calculation: str) -> Size:
    """The memory that a container asks for."""
    return Size("memory-limit", ("resources", "requests", "memory"), has, needed, calculation)


def local_disk(has: int, needed: int, calculation: str) -> Size:
    """The limit of local disk, which a pod loses with its end."""
    return Size(
        "volume-size", ("resources", "limits", "ephemeralStorage"), has, needed, calculation
    )
