"""Describe why an API server rejects an object."""

from __future__ import annotations

from msgspec import Struct


class Rejection(Struct, frozen=True):
    """The problem, the place in the object as a JSON pointer, and the help for the user."""

    at: str
    problem: str
    help: str
