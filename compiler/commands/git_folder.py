"""Check that a working tree's `.git` leads to no other repository, whose files git would then show.

`.git` may be a file with the path of the repository, in working trees of `git worktree` and in
submodules. An author of a tree can write any path into it, so the repository must name the working
tree in return. git also follows links in the place of its folders, and `commondir`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from compiler.files import UnsafePathError, is_folder, is_link, is_there, open_folder, real

_BORROWED = (
    "objects",
    "refs",
    "packed-refs",
    "config",
    "HEAD",
    "objects/pack",
    "refs/heads",
    "refs/tags",
)
_MOST = 2**16  # bytes of a file with a path, or of settings


class ForeignRepositoryError(Exception):
    """Git would read another repository; the message names the file that leads there."""


def refuse_foreign(directory: Path) -> None:
    """Refuse a `.git` that does not belong to its folder, or that borrows parts of another repository."""
    git = directory / ".git"
    if is_link(git):
        raise ForeignRepositoryError(f"{git} is a symbolic link; platformc does not follow it")
    if is_folder(git):
        common = git
        if is_there(git / "commondir"):
            raise ForeignRepositoryError(f"{git / 'commondir'} leads to another repository")
    else:
        common = _repository(directory, git)
    for name in _BORROWED:
        if is_link(common / name):
            raise ForeignRepositoryError(
                f"{common / name} is a symbolic link; platformc does not follow it"
            )


def _repository(directory: Path, git: Path) -> Path:
    """The repository of a working tree with a file `.git`, which must name the working tree in return."""
    target = real(directory / _text(directory, ".git").removeprefix("gitdir:").strip())
    if _is_worktree(target, git):
        return target.parent.parent
    if _is_submodule(target, directory):
        return target
    raise ForeignRepositoryError(f"{git} leads to {target}, which does not name this folder")


def _is_worktree(target: Path, git: Path) -> bool:
    """Whether a folder is the one of `git worktree` for a working tree, in the repository's own folder."""
    back, common = _text(target, "gitdir"), _text(target, "commondir")
    if not back or not common:
        return False
    return real(target / back) == git and target.parent == real(target / common) / "worktrees"


def _is_submodule(target: Path, directory: Path) -> bool:
    """Whether a folder is that of a submodule, in the repository around its working tree."""
    settings = f"{_text(target, 'config')}\n{_text(target, 'config.worktree')}"
    named = any(real(target / path) == directory for path in _worktrees(settings))
    return named and not _text(target, "commondir")


def _worktrees(settings: str) -> Iterator[str]:
    """The values of `core.worktree` in settings of git, as git writes them for a submodule."""
    for line in settings.split("\n"):
        key, _, value = line.partition("=")
        if key.strip().lower() == "worktree":
            yield value.strip().strip('"')


def _text(folder: Path, name: str) -> str:
    """The text of a small file without the line end; empty if it is not there."""
    try:
        with open_folder(folder) as opened:
            data = opened.read_if_there(name, _MOST) or b""
    except (OSError, UnsafePathError):
        return ""
    text = data.decode("utf-8", "replace").removesuffix("\n")
    return "" if "\0" in text else text  # no path has a null byte
