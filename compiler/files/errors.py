"""Describe errors of the disk for people."""

from __future__ import annotations

import os


class UnsafePathError(OSError):
    """A path that leads out of its folder, or to something other than a regular file."""


def sentence(error: OSError) -> str:
    """The path and the reason of an error, for people."""
    if error.strerror is None:
        return str(error)
    return f"{os.fsdecode(error.filename)}: {error.strerror}" if error.filename else error.strerror
