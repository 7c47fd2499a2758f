"""Join and split the keys of a JSON pointer (RFC 6901), in which `~` and `/` are escaped."""

from __future__ import annotations


def below(at: str, key: str) -> str:
    """The pointer to a key of the value that a pointer leads to."""
    return f"{at}/{escaped(key)}"


def escaped(key: str) -> str:
    """A key as a part of a pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def key_of(part: str) -> str:
    """The key that a part of a pointer stands for."""
    return part.replace("~1", "/").replace("~0", "~")
