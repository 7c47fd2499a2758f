"""A spec compiled for a verb; its errors are shown, and end the command.

Warnings are for the verbs that compile and validate.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from compiler import pipeline
from compiler.commands.output import fail, show
from compiler.commands.progress import progress
from compiler.commands.spec_file import UnreadableError, read
from compiler.diagnostics import near
from compiler.model.package import Lowered
from compiler.pipeline import Compilation
from compiler.upstream import lock


def compiled(file: Path, *, only: Collection[str | None] | None = None) -> Compilation:
    """A spec as far as objects that fit their schemas. `only` as in `pipeline.compile`."""
    data = read_spec(file)
    with progress() as step:
        result = pipeline.compile(data, str(file), pins(file), only, step)
    return _accepted(result, data, file)


def bound(file: Path) -> Compilation:
    """A spec as far as its bindings."""
    data = read_spec(file)
    with progress() as step:
        result = pipeline.bound(data, str(file), pins(file), step)
    return _accepted(result, data, file)


def _accepted(result: Compilation, data: bytes, file: Path) -> Compilation:
    if result.report.failed:
        show(result.report, data, str(file), "text")
        sys.exit(1)
    return result


def read_spec(file: Path) -> bytes:
    """The spec's bytes; ends the command where it can't be read."""
    try:
        return read(file)
    except UnreadableError as error:
        fail(str(error))


def pins(file: Path) -> Mapping[str, str]:
    """The digests of images in the lock beside a spec; ends the command where it is broken."""
    try:
        return lock.read(file).images
    except (lock.BrokenLockError, OSError) as error:
        fail(str(error))


def lowered_of(file: Path, environment: str | None) -> Lowered:
    """One environment of a spec, lowered: that of the name, or the only one there is."""
    result = compiled(file, only=(environment,) if environment else None)
    return result.lowered[environment_of(result, environment)]


def environment_of(result: Compilation, name: str | None) -> str:
    """The environment of a name, or the only one; ends the command where the spec has no such."""
    if name in result.environments:
        return name
    names = ", ".join(f"`{one}`" for one in result.environments)
    if name is None:
        if len(result.environments) == 1:
            return result.environments[0]
        fail(f"name an environment; there is {names}")
    close = near(name, result.environments)
    suggestion = f"did you mean `{close}`?" if close else f"there is {names}"
    return fail(f"no environment `{name}`; {suggestion}")
