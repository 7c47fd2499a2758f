"""One thing for which an API server refuses an object."""

from __future__ import annotations

from msgspec import Struct


class Rejection(Struct, frozen=True):
    """What is refused, and the place in the object as a JSON pointer."""

    at: str
    problem: str
    help: str
