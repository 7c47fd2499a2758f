"""Progress of what takes longer than a second, on a terminal only."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Step = Callable[[str], None]
PATIENCE = 1.0  # seconds


@contextmanager
def progress() -> Iterator[Step]:
    """A function that is told what is being done; it says so once a second has passed."""
    if not sys.stderr.isatty():
        yield lambda what: None
        return
    started, shown = time.monotonic(), False

    def step(what: str) -> None:
        nonlocal shown
        if time.monotonic() - started > PATIENCE:
            shown = True
            sys.stderr.write(f"\r\x1b[K{what} ...")
            sys.stderr.flush()

    yield step
    if shown:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
