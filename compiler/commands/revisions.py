"""Where the specs of a comparison come from: the working tree, a directory, or a git revision.

The only place that runs another program than Python: git, to read a file as it was.
"""

from __future__ import annotations

import subprocess  # git's answers; arguments are lists, no shell takes part
from pathlib import Path

from msgspec import Struct

from compiler import pipeline
from compiler.commands.compiling import read_spec
from compiler.commands.output import fail, show
from compiler.commands.spec_file import STDIN
from compiler.pipeline import Compilation
from compiler.upstream import lock
from compiler.upstream.lock import Lock


class SpecRevision(Struct, frozen=True):
    """A spec's text with the lock beside it, and what to call it."""

    name: str
    data: bytes
    lock: Lock


def source(which: str, file: Path) -> SpecRevision:
    """A directory or spec where there is one of that name, else a revision of `file`."""
    path = Path(which)
    if path == STDIN:
        return of_file(path)
    if path.is_dir():
        return of_file(path / file.name)
    return of_file(path) if path.exists() else _of_revision(which, file)


def of_file(file: Path) -> SpecRevision:
    """A spec on the disk."""
    try:
        return SpecRevision(str(file), read_spec(file), lock.read(file))
    except lock.BrokenLockError as error:
        fail(str(error))


def _of_revision(revision: str, file: Path) -> SpecRevision:
    if revision.startswith("-"):
        fail(f"`{revision}` is no revision, directory or spec")
    data = _show(revision, file)
    if data is None:
        fail(
            f"`{revision}` is no directory or spec, and git has no {file} at such a revision; "
            "commit the spec first, or name a file to compare with"
        )
    name = f"{revision}:{file.name}"
    try:
        return SpecRevision(
            name, data, lock.parse(_show(revision, lock.path_of(file)) or b"", name)
        )
    except lock.BrokenLockError as error:
        fail(str(error))


def _show(revision: str, file: Path) -> bytes | None:
    """A file as it was at a revision; None where it was not."""
    folder = file.parent if file.parent.is_dir() else Path()
    words = ["git", "-C", str(folder), "show", f"{revision}:./{file.name}"]
    try:
        answer = subprocess.run(words, capture_output=True, check=False)  # noqa: S603  # a list, no shell
    except FileNotFoundError:
        fail("git is not on the PATH; name two directories or specs")
    return answer.stdout if answer.returncode == 0 else None


def compile_source(one: SpecRevision) -> Compilation:
    """The compiled spec; says what is wrong with it and ends the command where it has errors.

    That its objects fit their schemas is for those to know who apply them.
    """
    result = pipeline.with_objects(pipeline.bound(one.data, one.name, one.lock.images))
    result = pipeline.with_findings(result, pipeline.findings(result, schemas=False))
    if result.report.failed:
        show(result.report, one.data, one.name, "text")
        fail(f"{one.name} does not compile", 1)
    return result
