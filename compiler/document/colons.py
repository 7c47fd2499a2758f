"""Find a key and a value that YAML reads as one word, because no space stands after the colon."""

from __future__ import annotations

import re

# A URL and a Windows path have a colon too; an image's name does not begin with a key.
_ONE_WORD = re.compile(r"([A-Za-z][A-Za-z0-9_-]*):(?!//|\\)\S.*")


def without_space(text: str) -> str | None:
    """The help for `image:x`; None for other texts."""
    match = _ONE_WORD.fullmatch(text)
    return f"write a space after the colon: `{match[1]}: ...`" if match else None
