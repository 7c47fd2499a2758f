"""Show the progress of commands that take longer than a second, only on a terminal."""

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
    """Yields a function that shows the current step, once a second has passed.

    With `--verbose` it prints a line for each step, on any stream.
    """
    if verbose():
        start = time.monotonic()
        yield lambda description: click.echo(
            f"{time.monotonic() - start:6.2f} s  {description}", err=True
        )
        return
    if quiet() or not sys.stderr.isatty():
        yield lambda description: None
        return
    started, displayed = time.monotonic(), False

    def step(description: str) -> None:
        nonlocal displayed
        if time.monotonic() - started > PATIENCE:
            displayed = True
            sys.stderr.write(f"\r\x1b[K{description} ...")
            sys.stderr.flush()

    yield step
    if displayed:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
