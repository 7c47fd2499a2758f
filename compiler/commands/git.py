"""Ask Git for earlier versions of a file and for tracked files; Git runs and fetches nothing for it.

A tree can contain a folder that Git takes for a repository, with settings that name programs to run. So
a folder without `.git` is no repository here, and objects are read only with plumbing, which uses no
pager, filter or textconv. Git fetches nothing: GIT_ALLOW_PROTOCOL outweighs the settings of a
repository (git 2.39: `protocol.ssh.allow` outweighs `-c protocol.allow=never`).

Git sets variables for its hooks that name the repository, by paths from the hook's folder. They would lead
git elsewhere from another folder, so git looks for the repository of the spec itself.
"""

from __future__ import annotations

import os
import subprocess  # arguments are lists, no shell takes part
from pathlib import Path
from shlex import quote

from compiler.commands.git_folder import ForeignRepositoryError, refuse_foreign
from compiler.files import MOST_BYTES, is_there, real

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
# `git rev-parse --local-env-vars`, without those for settings.
_LOCATIONS = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)
_FOLDER = "040000"  # the mode of a folder in a commit


class GitError(Exception):
    """Git has no answer; the message names the question."""


class NoSuchFileError(GitError):
    """The revision exists, but has no such file."""


class NotYetError(GitError):
    """Git has no answer before a command is run, which the message names."""


def file_at(revision: str, file: Path) -> bytes:
    """A file as it was at a revision."""
    folder, path = _from(file)
    _refuse_foreign(folder)
    _refuse_untrusted(folder)
    if _git_output(folder, "rev-parse", "--git-dir") is None:
        raise GitError(f"{real(folder)} is in no repository of Git, so there is no `{revision}`")
    commit = _git_output(
        folder, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}"
    )
    if commit is None:
        raise _unknown(folder, revision)
    path = _full_path(folder, path, f"{file} at `{revision}`")
    name = _blob_name(folder, commit.decode().strip(), path, f"{file} at `{revision}`")
    if name is None:
        raise NoSuchFileError(f"{file} is not there at `{revision}`")
    return _blob(folder, name, f"{file} at `{revision}`")


def tracked(folder: Path) -> tuple[str, ...]:
    """The files in a folder that Git tracks, ignored or not; none if there is no repository."""
    if not any(is_there(directory / ".git") for directory in (real(folder), *real(folder).parents)):
        return ()
    _refuse_foreign(folder)
    _refuse_untrusted(folder)
    listed = _git_output(folder, "ls-files", "-z", "--", ".")
    if listed is None:
        raise GitError(f"git cannot list {folder}")
    return tuple(os.fsdecode(name) for name in listed.split(b"\0") if name)


def _unknown(folder: Path, revision: str) -> GitError:
    """The error for a revision that git does not know. CI systems make shallow clones, with few revisions."""
    if _git_output(folder, "rev-parse", "--is-shallow-repository") != b"true\n":
        return GitError(f"git knows no revision `{revision}` here")
    return NotYetError(
        f"git knows no revision `{revision}` here, and this clone is shallow: "
        "`git fetch --unshallow origin '+refs/heads/*:refs/remotes/origin/*'` fetches the rest of it"
    )


def _full_path(folder: Path, path: str, title: str) -> str:
    """The path of a file from the top of the repository."""
    prefix = _git_output(folder, "rev-parse", "--show-prefix")
    if prefix is None:
        raise GitError(f"git cannot list {title}")
    return os.fsdecode(prefix.removesuffix(b"\n")) + path


def _blob_name(folder: Path, commit: str, path: str, title: str) -> str | None:
    """Git's name of a file in a commit; None where the commit has no such file.

    Git follows no link in a commit. So a link or a submodule on the way does not mean that the file is
    new, and is refused: the working tree has a file at the path, and the commit may have its content.
    """
    parts = path.split("/")
    paths = ["/".join(parts[: index + 1]) for index in range(len(parts))]
    listed = _git_output(folder, "ls-tree", "-z", "-t", "--full-tree", commit, "--", *paths)
    if listed is None:
        raise GitError(f"git cannot list {title}")
    for entry in listed.split(b"\0")[:-1]:
        head, _, entry_name = entry.partition(b"\t")
        mode, _, name = head.decode().split(" ")
        if os.fsdecode(entry_name) == path:
            if not mode.startswith("100"):
                raise GitError(f"{title} is no regular file")
            return name
        if mode != _FOLDER and os.fsdecode(entry_name) in paths:
            raise GitError(
                f"{title} lies behind `{os.fsdecode(entry_name)}`, which is no folder there"
            )
    return None


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


def _refuse_foreign(folder: Path) -> None:
    """Refuse a `.git` by which Git would read another repository."""
    start = real(folder)
    for directory in (start, *start.parents):
        if is_there(directory / ".git"):
            try:
                refuse_foreign(directory)
            except ForeignRepositoryError as error:
                raise GitError(str(error)) from error
            return


def _refuse_untrusted(folder: Path) -> None:
    """Refuse a repository that git does not read, because another user owns it (git, `safe.directory`)."""
    problem = _git(folder, "rev-parse", "--git-dir").stderr
    if b"dubious ownership" in problem:
        top = next(
            path for path in (real(folder), *real(folder).parents) if is_there(path / ".git")
        )
        raise NotYetError(
            f"git does not read {top}, because another user owns it: if you trust it, run "
            f"`git config --global --add safe.directory {quote(str(top))}`"
        )


def _from(file: Path) -> tuple[Path, str]:
    """The folder in which git runs, and the path from there: the current folder, if the file is below."""
    if not file.is_absolute() and ".." not in file.parts:
        return Path(), file.as_posix()
    return file.parent, file.name


def _git_output(folder: Path, *words: str) -> bytes | None:
    """Git's answer, or None."""
    process = _git(folder, *words)
    return process.stdout if process.returncode == 0 else None


def _git(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    call = ["git", "-C", str(folder), *_OPTIONS, *words]
    inherited = {name: text for name, text in os.environ.items() if name not in _LOCATIONS}
    try:
        return subprocess.run(  # noqa: S603  # a list, no shell
            call, capture_output=True, check=False, env=inherited | _VARIABLES
        )
    except FileNotFoundError as error:
        raise GitError("git is not on the PATH") from error
