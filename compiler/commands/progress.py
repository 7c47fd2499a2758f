"""Progress of what takes longer than a second, on a terminal only."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from compiler.commands.terminal import quiet, verbose

Step = Callable[[str], None]
PATIENCE = 1.0  # seconds


@contextmanager
def progress() -> Iterator[Step]:
    """A function that is told what is being done; it says so once a second has passed.

    With `--verbose` it prints a line for each step, on any stream.
    """
    if verbose():
        start = time.monotonic()
        yield lambda what: click.echo(f"{time.monotonic() - start:6.2f} s  {what}", err=True)
        return
    if quiet() or not sys.stderr.isatty():
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
