"""One question answered by another core, while this process goes on.

The child is a copy of this process: it has all values as they are, and only its answer comes back.
"""

from __future__ import annotations

import os
from collections.abc import Callable


def beside(question: Callable[[], bool]) -> Callable[[], bool]:
    """Ask now; what is returned waits for the answer. Where nobody can be asked it is answered here."""
    if (os.cpu_count() or 1) < 2 or not hasattr(os, "fork"):
        return question
    try:
        child = os.fork()
    except OSError:  # no process or no memory is left for one
        return question
    if child == 0:
        answer = False
        try:
            answer = question()
        finally:
            os._exit(0 if answer else 1)
    return lambda: os.waitpid(child, 0)[1] == 0
