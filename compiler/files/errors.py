"""Errors of the disk, and their words for people."""

from __future__ import annotations

import os


class UnsafePathError(OSError):
    """A path that leads somewhere else, or to something that is no regular file."""


def sentence(error: OSError) -> str:
    """What went wrong with which path, for people."""
    if error.strerror is None:
        return str(error)
    return f"{os.fsdecode(error.filename)}: {error.strerror}" if error.filename else error.strerror
