"""Ask Git for earlier versions of a file and for tracked files; Git runs and fetches nothing for it.

A tree can contain a folder that Git takes for a repository, with settings that name programs to run. So
a folder without `.git` is no repository here, and objects are read only with plumbing, which uses no
pager, filter or textconv. Git fetches nothing: GIT_ALLOW_PROTOCOL outweighs the settings of a
repository (git 2.39: `protocol.ssh.allow` outweighs `-c protocol.allow=never`).
"""

from __future__ import annotations

import os
import subprocess  # arguments are lists, no shell takes part
from pathlib import Path

from compiler.files import MOST_BYTES, is_link, is_there, real

_OPTIONS = (
    "-c", "safe.bareRepository=explicit", "-c", "protocol.allow=never",
    "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}",
)  # fmt: skip
_VARIABLES = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


class GitError(Exception):
    """Git has no answer; the message names the question."""


class NoSuchFileError(GitError):
    """The revision exists, but has no such file."""


def file_at(revision: str, file: Path) -> bytes:
    """A file as it was at a revision."""
    folder, path = _from(file)
    _refuse_link(folder)
    if _git_output(folder, "rev-parse", "--git-dir") is None:
        raise GitError(f"{real(folder)} is in no repository of Git, so there is no `{revision}`")
    commit = _git_output(
        folder, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}"
    )
    if commit is None:
        raise GitError(f"git knows no revision `{revision}` here")
    entry = _git_output(folder, "ls-tree", "-z", commit.decode().strip(), "--", path)
    if entry is None:
        raise GitError(f"git cannot list {file} at `{revision}`")
    if not entry:
        raise NoSuchFileError(f"{file} is not there at `{revision}`")
    mode, _, name = entry.split(b"\t")[0].decode().split(" ")
    if not mode.startswith("100"):
        raise GitError(f"{file} at `{revision}` is no regular file")
    return _blob(folder, name, f"{file} at `{revision}`")


def tracked(folder: Path) -> tuple[str, ...]:
    """The files in a folder that Git tracks, ignored or not; none if there is no repository."""
    if not any(is_there(directory / ".git") for directory in (real(folder), *real(folder).parents)):
        return ()
    _refuse_link(folder)
    listed = _git_output(folder, "ls-files", "-z", "--", ".")
    if listed is None:
        raise GitError(f"git cannot list {folder}")
    return tuple(os.fsdecode(name) for name in listed.split(b"\0") if name)


def _blob(folder: Path, name: str, title: str) -> bytes:
    """The content of a file in a commit, which Git names by revision and path."""
    size = _git_output(folder, "cat-file", "-s", name)
    if size is None:
        raise GitError(
            f"{title} is not in this clone, and platformc fetches nothing: fetch it with git first"
        )
    if int(size) > MOST_BYTES:
        raise GitError(f"{title} is larger than {MOST_BYTES // 2**20} MiB")
    data = _git_output(folder, "cat-file", "blob", name)
    if data is None:
        raise GitError(f"git cannot read {title}")
    return data


def _refuse_link(folder: Path) -> None:
    """Refuse a `.git` that is a link, because Git would follow it and read another repository."""
    start = real(folder)
    for directory in (start, *start.parents):
        if is_there(directory / ".git"):
            if is_link(directory / ".git"):
                raise GitError(
                    f"{directory / '.git'} is a symbolic link; platformc does not follow it"
                )
            return


def _from(file: Path) -> tuple[Path, str]:
    """The folder in which git runs, and the path from there: the current folder, if the file is below."""
    if not file.is_absolute() and ".." not in file.parts:
        return Path(), file.as_posix()
    return file.parent, file.name


def _git_output(folder: Path, *words: str) -> bytes | None:
    """Git's answer, or None."""
    call = ["git", "-C", str(folder), *_OPTIONS, *words]
    variables = {**os.environ, **_VARIABLES}
    try:
        process = subprocess.run(  # noqa: S603  # a list, no shell
            call, capture_output=True, check=False, env=variables
        )
    except FileNotFoundError as error:
        raise GitError("git is not on the PATH; name two directories or specs") from error
    return process.stdout if process.returncode == 0 else None
