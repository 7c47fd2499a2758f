"""A piece of work on another core, while this process goes on: the only place that starts a process.

The child is a copy of this process, so it has all values as they are. Its result comes back through a
pipe, packed by its type. `multiprocessing` would do the same, and takes as long to import as a fifth of
the work that is done by this today.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NoReturn, TypeVar

from msgspec import DecodeError
from msgspec.msgpack import decode, encode

T = TypeVar("T")


def run(work: Callable[[], T], type: type[T]) -> Callable[[], T]:
    """Start the work on another core. The function that is returned waits for the result, once.

    Without a second core, or without a process to be had, the work is done when its result is asked
    for. The result is the same.
    """
    if (os.cpu_count() or 1) < 2 or not hasattr(os, "fork"):
        return work
    reader, writer = os.pipe()
    try:
        child = os.fork()
    except OSError:  # no process or no memory is left for one
        os.close(reader)
        os.close(writer)
        return work
    if child == 0:
        _send(work, writer)
    os.close(writer)
    return lambda: _received(work, type, reader, child)


def _send(work: Callable[[], object], writer: int) -> NoReturn:
    """Do the work in the child, which ends here: all else on the stack is the parent's to finish."""
    try:
        with open(writer, "wb") as pipe:
            pipe.write(encode(work()))
    finally:
        os._exit(0)


def _received(work: Callable[[], T], type: type[T], reader: int, child: int) -> T:
    with open(reader, "rb") as pipe:
        packed = pipe.read()
    os.waitpid(child, 0)
    try:
        return decode(packed, type=type)
    except DecodeError:  # the child was killed, or failed: a failure shows where it is repeated
        return work()
