"""A limit on the time of a test: one that waits in vain fails, and holds up no other."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def time_limit(seconds: int, subject: str) -> Iterator[None]:
    """Raise a TimeoutError in the block after that many seconds."""

    def over(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"{subject} took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
