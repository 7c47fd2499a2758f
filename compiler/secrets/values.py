"""Generate random values of credentials, in alphabets that all their readers accept."""

from __future__ import annotations

import string
from typing import assert_never

from compiler.model.credential import Random

_CAPITALS = string.ascii_uppercase + string.digits
_LETTERS = string.ascii_letters + string.digits


def make(kind: Random) -> str:
    """A new value: 190 random bits in a password, 82 in an access key, 238 in its secret key."""
    match kind:
        case Random.PASSWORD:
            # It starts with a letter: YAML and Feast's parser would read digits as a number.
            return _random_text(string.ascii_letters, 1) + _random_text(_LETTERS, 31)
        case Random.ACCESS_KEY:
            return "AKIA" + _random_text(_CAPITALS, 16)
        case Random.SECRET_KEY:
            return _random_text(_LETTERS, 40)
    assert_never(kind)


def _random_text(alphabet: str, length: int) -> str:
    from secrets import choice  # most importers of this module generate no values

    return "".join(choice(alphabet) for _ in range(length))
