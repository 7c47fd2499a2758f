"""A piece of work done by another core, while this process goes on.

The child is a copy of this process: it has all values as they are, and only its results come back,
packed by their types. A copy costs: both write to pages that they share, and each page is copied then.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, Protocol, TypeVar

T = TypeVar("T")
U = TypeVar("U")
_PATIENT = 5  # of 19: a third of the share of others, which is enough where a machine is busy
_Work = tuple[Callable[[], Any], Any]  # and the type of what comes back


class Apart(Protocol):
    """Where a piece of work is done: what is returned waits for the result, and may be called once."""

    def __call__(self, work: Callable[[], T], type: type[T]) -> Callable[[], T]: ...


def here(work: Callable[[], T], type: type[T]) -> Callable[[], T]:
    """Here and now."""
    found = work()
    return lambda: found


def beside(work: Callable[[], T], type: type[T]) -> Callable[[], T]:
    """Start now, on another core.

    Where there is none or no process to be had the work is done here and now; where the other
    process came to no end, once more when the result is wanted. The result is the same.
    """
    (result,) = _begun([(work, type)])
    return result


def in_turn(
    work: Callable[[], T], type: type[T], later: Callable[[], U], of: type[U]
) -> tuple[Callable[[], T], Callable[[], U]]:
    """Two pieces on one other core; the later one gives way to what is urgent elsewhere."""
    first, second = _begun([(work, type), (later, of)])
    return first, second


def _begun(works: Sequence[_Work]) -> list[Callable[[], Any]]:
    if (os.cpu_count() or 1) < 2 or not hasattr(os, "fork"):
        return [here(*work) for work in works]
    pipes = [os.pipe() for _ in works]
    readers, writers = zip(*pipes, strict=True)
    try:
        child = os.fork()
    except OSError:  # no process or no memory is left for one
        _close(*readers, *writers)
        return [here(*work) for work in works]
    if child == 0:
        _close(*readers)
        _do(works, writers)
    _close(*writers)
    last = len(works) - 1
    return [
        _Result(work, reader, child if place == last else None)
        for place, (work, reader) in enumerate(zip(works, readers, strict=True))
    ]


def _close(*ends: int) -> None:
    for end in ends:
        os.close(end)


def _do(works: Sequence[_Work], writers: Sequence[int]) -> NoReturn:
    """In the child: one piece after the other, each through a pipe of its own."""
    try:
        from msgspec.msgpack import encode

        for place, ((work, _), writer) in enumerate(zip(works, writers, strict=True)):
            if place:
                os.nice(_PATIENT)
            with open(writer, "wb") as pipe:
                pipe.write(encode(work()))
    finally:
        os._exit(0)


class _Result:
    """Waits for what a child sends, and with the last of it for the child's end."""

    def __init__(self, work: _Work, reader: int, child: int | None) -> None:
        self.work, self.reader, self.child = work, reader, child

    def __call__(self) -> Any:
        from msgspec import DecodeError
        from msgspec.msgpack import decode

        work, type = self.work
        with open(self.reader, "rb") as pipe:
            found = pipe.read()
        if self.child is not None:
            os.waitpid(self.child, 0)
        try:
            return decode(found, type=type)
        except DecodeError:  # cut short
            return work()
