"""Read the specs of a comparison from the working tree, a directory, or a git revision."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

from msgspec import Struct

from compiler import pipeline
from compiler.commands import git
from compiler.commands.compiling import read_spec
from compiler.commands.output import fail, show_errors
from compiler.commands.spec_file import STDIN
from compiler.files import is_folder, is_there, next_to_spec
from compiler.files.next_to_spec import Files, NamedFile
from compiler.pipeline import Compilation
from compiler.upstream import lock
from compiler.upstream.lock import Lock

NO_SPEC = 3  # The exit status for a revision without a spec: then all of the spec is new.
_GIT = "git:"
_PATHS = ("./", "../", "/")
_SPECS = (".yaml", ".yml")


class SpecRevision(Struct, frozen=True):
    """A spec's text with its lock, and a name for messages."""

    name: str
    data: bytes
    lock: Lock


def source(reference: str, file: Path) -> SpecRevision:
    """Read a spec from a path if the word looks like a path, else from a revision of `file`.

    The contents of the tree decide nothing: otherwise a folder with the name of a revision would replace it,
    and the comparison would find no difference.
    """
    path = Path(reference)
    if path == STDIN:
        return of_file(path)
    if reference.startswith(_GIT):
        return _of_revision(reference.removeprefix(_GIT), file)
    if reference in (".", "..") or reference.startswith(_PATHS) or reference.endswith(_SPECS):
        if not is_there(path):
            fail(f"{path} does not exist; name a spec, a folder with one, or a revision")
        return _in_folder(path, file.name) if is_folder(path) else of_file(path)
    if is_there(path):
        fail(
            f"`{reference}` stands here and could be a revision too: "
            f"write `./{reference}` for the path, or `{_GIT}{reference}` for the revision"
        )
    return _of_revision(reference, file)


def _in_folder(folder: Path, name: str) -> SpecRevision:
    """The spec of a folder. A folder of compiled output has none."""
    if not is_there(folder / name):
        fail(
            f"{folder} has no {name}: a comparison is of specs and not of their output; give a spec, a folder "
            "with a spec, or a git revision"
        )
    return of_file(folder / name)


def of_file(file: Path) -> SpecRevision:
    """A spec on disk."""
    try:
        data = read_spec(file)
        return SpecRevision(str(file), data, lock.read(file, data))
    except lock.BrokenLockError as error:
        fail(str(error))


def _of_revision(revision: str, file: Path) -> SpecRevision:
    """Read a spec, its lock and its files from a git revision. Ends the command if it has none."""
    if not revision:
        fail("the revision to compare with has no name")
    if file == STDIN:
        fail(
            f"standard input has no revision `{revision}`: name the file of the revision by `-f`, and compare with "
            f"standard input by `platformc diff {quote(revision)} - -f FILE`"
        )
    try:
        data = git.file_at(revision, file)
    except git.NoSuchFileError as error:
        fail(f"{error}: there is nothing to compare with", NO_SPEC)
    except git.NotYetError as error:
        fail(str(error))
    except git.GitError as error:
        fail(f"{error}; compare with a revision that exists, or with a path such as `./before`")
    name = f"{revision}:{file.name}"
    try:
        pins = git.file_at(revision, lock.path_of(file))
    except git.NoSuchFileError:
        pins = b""
    except git.GitError as error:
        fail(str(error))
    try:
        files = _files(revision, file, data)
        return SpecRevision(name, data, lock.parse(pins, name)._replace(files=files))
    except lock.BrokenLockError as error:
        fail(str(error))


def _files(revision: str, file: Path, data: bytes) -> Files:
    """The files that a spec names, as they were at its revision."""
    files: dict[str, NamedFile] = {}
    for path in next_to_spec.named_in(data):
        try:
            files[path] = NamedFile(git.file_at(revision, file.parent / path))
        except git.GitError as error:
            files[path] = NamedFile(problem=str(error))
    return files


def compile_source(revision: SpecRevision) -> Compilation:
    """The compiled spec. Prints its errors and ends the command if it has any.

    Objects are not checked against their schemas: that matters only before they are applied.
    """
    result = pipeline.with_objects(
        pipeline.checked_text(revision.data, revision.name, revision.lock)
    )
    result = pipeline.with_diagnostics(result, pipeline.object_diagnostics(result, schemas=False))
    if result.report.failed:
        show_errors(result.report, revision.data, revision.name)
        fail(f"{revision.name} does not compile", 1)
    return result
