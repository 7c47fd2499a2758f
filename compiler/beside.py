"""A piece of work done by another core, while this process goes on.

The child is a copy of this process: it has all values as they are, and only its result comes back,
packed by its type.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")
_PATIENT = 5  # of 19: a third of the share of others, which is enough where a machine is busy


class Apart(Protocol):
    """Where a piece of work is done: what is returned waits for the result, and may be called once."""

    def __call__(self, work: Callable[[], T], type: type[T]) -> Callable[[], T]: ...


def here(work: Callable[[], T], type: type[T]) -> Callable[[], T]:
    """Here and now."""
    found = work()
    return lambda: found


def beside(work: Callable[[], T], type: type[T], *, urgent: bool = True) -> Callable[[], T]:
    """Start now, on another core; what is not `urgent` gives way to what is.

    Where there is none or no process to be had the work is done here and now; where the other
    process came to no end, once more when the result is wanted. The result is the same.
    """
    if (os.cpu_count() or 1) < 2 or not hasattr(os, "fork"):
        return here(work, type)
    reader, writer = os.pipe()
    try:
        child = os.fork()
    except OSError:  # no process or no memory is left for one
        os.close(reader)
        os.close(writer)
        return here(work, type)
    if child == 0:
        status = 1
        try:
            os.close(reader)
            os.nice(0 if urgent else _PATIENT)
            _send(work(), writer)
            status = 0
        finally:
            os._exit(status)
    os.close(writer)

    def result() -> T:
        from msgspec.msgpack import decode

        with open(reader, "rb") as pipe:
            found = pipe.read()
        return decode(found, type=type) if os.waitpid(child, 0)[1] == 0 else work()

    return result


def _send(found: object, writer: int) -> None:
    from msgspec.msgpack import encode

    with open(writer, "wb") as pipe:
        pipe.write(encode(found))
