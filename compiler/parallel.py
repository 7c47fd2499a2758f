"""Run a piece of work on another core while this process continues.

Only this module starts copies of the process. The child has all values of its parent. Its result comes
back through a pipe, packed by its type. `multiprocessing` would do the same, but its import takes a fifth of the time of
the work that runs here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NoReturn, TypeVar

from msgspec import DecodeError
from msgspec.msgpack import decode, encode

T = TypeVar("T")


def run(work: Callable[[], T], type: type[T]) -> Callable[[], T]:
    """Start the work on another core. The returned function waits for the result; call it only once.

    Without a second core, or if no process can be started, the work runs when its result is
    requested. The result is the same.
    """
    if (os.cpu_count() or 1) < 2 or not hasattr(os, "fork"):
        return work
    reader, writer = os.pipe()
    try:
        child = os.fork()
    except OSError:  # the limit of processes or memory is reached
        os.close(reader)
        os.close(writer)
        return work
    if child == 0:
        _send(work, writer)
    os.close(writer)
    return lambda: _received(work, type, reader, child)


def _send(work: Callable[[], object], writer: int) -> NoReturn:
    """Do the work in the child, which ends here: the callers on the stack belong to the parent."""
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
    except DecodeError:  # the child was killed or failed: repeating the work shows the failure
        return work()
