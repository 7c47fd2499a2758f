"""A piece of work done by another core, while this process goes on.

The child is a copy of this process: it has all values as they are, and only its result comes back.
"""

from __future__ import annotations

import os
from collections.abc import Callable


def beside(work: Callable[[], bytes]) -> Callable[[], bytes]:
    """Start now; what is returned waits for the result, and may be called once.

    Where there is no other core or no process to be had the work is done here and now; where the
    other process came to no end, once more when the result is wanted. The result is the same.
    """
    if (os.cpu_count() or 1) < 2 or not hasattr(os, "fork"):
        return _done(work())
    reader, writer = os.pipe()
    try:
        child = os.fork()
    except OSError:  # no process or no memory is left for one
        os.close(reader)
        os.close(writer)
        return _done(work())
    if child == 0:
        status = 1
        try:
            os.close(reader)
            with open(writer, "wb") as pipe:
                pipe.write(work())
            status = 0
        finally:
            os._exit(status)
    os.close(writer)

    def result() -> bytes:
        with open(reader, "rb") as pipe:
            found = pipe.read()
        return found if os.waitpid(child, 0)[1] == 0 else work()

    return result


def _done(found: bytes) -> Callable[[], bytes]:
    return lambda: found
