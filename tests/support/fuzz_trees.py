"""Checkouts that hold anything at all: no command reads, writes, removes or runs outside of them.

Each tree is a checkout that was compiled and committed, changed in some places: links, hard links, pipes,
devices, planted state, odd names, files of another owner, and files that make Git run programs; in some a second
process swaps folders for links while the command runs. The kernel reports by inotify each time that anything
outside is opened, read, written, made or removed, by the command or by a program that it starts; a file
appears where a planted program ran. `python -m support.fuzz_trees 20000` runs as many trees; the test suite
runs few.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from click.testing import CliRunner

from compiler.cli import platformc

SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: fuzz}
spec: {components: {seaweedfs: {}, postgres: {}, mlflow: {}}}
"""
COMMANDS = (
    ("compile",), ("compile", "--force"), ("compile", "--check"), ("validate",), ("validate", "--fix"),
    ("secrets", "generate"), ("client-kit", "default", "mlflow-smoke"), ("diff", "./platform.yaml"),
    ("diff",), ("diff", "git:HEAD"), ("images",), ("init", "."), ("render",), ("graph",), ("prerequisites",),
    ("argocd", "plugin", "--image", "r.example/p:1", "-o", "plugin"), ("argocd", "generate"),
    ("argocd", "applications"), ("apply-plan",), ("apply-plan", "default", "--since", "HEAD"), ("secrets", "list"),
)  # fmt: skip
PLACES = (
    "platform.yaml", "platform.lock", "platformc.sum", "base", "overlays", "overlays/default", "base/mlflow",
    "base/mlflow/kustomization.yaml", "overlays/default/kustomization.yaml", "secrets", "secrets/default",
    "secrets/default/.gitignore", "secrets/default/secret-mlops-mlflow-artifacts.yaml", ".platformc",
    ".platformc/lock", ".platformc/stage", ".platformc/journal.json", ".platformc/fresh",
    ".platformc/.gitignore", "clients", "clients/default/mlflow-smoke/client.env", "operators",
    "operators/x/y.yaml", "plugin/plugin.yaml", ".gitignore", "schemas", "base/new.yaml", "HEAD", ".git",
)  # fmt: skip
SENTINEL = "sentinel-of-the-victim"
ENVIRONMENT = f"PATH={os.environ['PATH']}"  # which /proc/self/environ would show
HOOKS = (
    "pre-commit",
    "post-checkout",
    "post-index-change",
    "reference-transaction",
    "fsmonitor-watchman",
)
Change = Callable[[Path, Path, random.Random], None]


def _clear(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder)
    else:
        folder.unlink(missing_ok=True)


def link(folder: Path, victim: Path, dice: random.Random) -> None:
    _clear(folder)
    targets = (victim, victim / "file", Path("/proc/self/environ"), Path("/dev/stdin"), folder)
    folder.symlink_to(dice.choice(targets))


def hard_link(folder: Path, victim: Path, dice: random.Random) -> None:
    _clear(folder)
    os.link(victim / "file", folder)


def pipe(folder: Path, victim: Path, dice: random.Random) -> None:
    _clear(folder)
    os.mkfifo(folder)


def device(folder: Path, victim: Path, dice: random.Random) -> None:
    _clear(folder)
    folder.symlink_to(dice.choice(("/dev/zero", "/dev/tty", "/dev/full")))


def folder(folder: Path, victim: Path, dice: random.Random) -> None:
    _clear(folder)
    (folder / dice.choice(("x", "-rf", "\x1b[31m", "a\nb", "é" * 60))).mkdir(parents=True)


def other_owner(folder: Path, victim: Path, dice: random.Random) -> None:
    with suppress(OSError):
        os.chown(folder, 12345, 12345, follow_symlinks=False)


def state(folder: Path, victim: Path, dice: random.Random) -> None:
    """A journal, a list or noise, with paths that lead out."""
    _clear(folder)
    path = dice.choice(
        ("../victim/file", str(victim / "file"), ".git/hooks/pre-commit", "base/../../victim/file")
    )
    texts = (
        json.dumps({"write": [path], "remove": [path]}),
        json.dumps({"root": [0, 0], "stage": ".platformc/stage", "write": [path], "remove": {path: ""}}),
        f"{'0' * 64}  {path}\n", "\x00\xff", "{" * 5000, "a: " * 3000, "images: {x: 'sha256:../../x'}",
    )  # fmt: skip
    folder.write_bytes(dice.choice(texts).encode("latin-1"))


def noise(folder: Path, victim: Path, dice: random.Random) -> None:
    _clear(folder)
    folder.write_bytes(dice.randbytes(dice.randrange(300)))


def repository(tree_folder: Path, victim: Path, dice: random.Random) -> None:
    """Files that make Git run a program: a bare repository in the place of a file, or settings and hooks."""
    tree, program = victim.with_name("tree"), f"touch {victim.with_name('ran')}"
    folder = dice.choice((tree, tree / ".git", tree_folder))
    with suppress(OSError):
        for name in ("objects/info", "refs/heads", "hooks"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        if not (folder / "HEAD").exists():
            (folder / "HEAD").write_text("ref: refs/heads/main\n")
            (folder / "refs/heads/main").write_text("0123456789" * 4 + "\n")
        for name in HOOKS:
            (folder / "hooks" / name).write_text(f"#!/bin/sh\n{program}\n")
            (folder / "hooks" / name).chmod(0o755)
        (folder / "config").write_text(
            f"[core]\nrepositoryformatversion = 1\nfsmonitor = {program};false\npager = {program}\n"
            f'sshCommand = "{program};false"\n[extensions]\npartialClone = origin\n[remote "origin"]\n'
            'promisor = true\nurl = ssh://localhost/x\n[protocol "ssh"]\nallow = always\n'
            f'[diff "x"]\ntextconv = {program}\n[filter "x"]\nsmudge = {program}\n'
        )
        (tree / ".gitattributes").write_text("* diff=x filter=x\n")


CHANGES: tuple[Change, ...] = (
    link, link, link, hard_link, pipe, device, folder, other_owner, state, state, noise, repository, repository,
)  # fmt: skip


def swap(tree: Path, victim: Path, dice: random.Random) -> None:
    """Folders become links, and folders again, until the process is killed."""
    places_of_folders = [
        tree / name for name in ("base", "overlays", "secrets", ".platformc", "clients", "plugin")
    ]
    while True:
        folder = dice.choice(places_of_folders)
        with suppress(OSError):
            folder.rename(tree / "aside")
            folder.symlink_to(victim)
            folder.unlink()
            (tree / "aside").rename(folder)


@contextmanager
def race(tree: Path, victim: Path, seed: int) -> Iterator[None]:
    """A second process that changes the tree for as long as the command runs."""
    process = os.fork()
    if process == 0:
        try:
            swap(tree, victim, random.Random(seed))
        finally:
            os._exit(0)
    try:
        yield
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


_LIBRARY = ctypes.CDLL(None, use_errno=True)
# inotify(7): accessed, modified, its status changed, moved, made, removed, opened.
_EVENTS = {0x1: "read", 0x2: "written", 0x4: "chmod", 0x40: "moved", 0x80: "moved", 0x100: "made",
           0x200: "removed", 0x20: "opened"}  # fmt: skip


@contextmanager
def watched(folder: Path) -> Iterator[list[str]]:
    """All that happens to a folder and to its files by their names there, as the kernel reports it."""
    descriptor = _LIBRARY.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    assert _LIBRARY.inotify_add_watch(descriptor, bytes(folder), sum(_EVENTS)) > 0
    events: list[str] = []
    try:
        yield events
        with suppress(BlockingIOError):
            events += _events(os.read(descriptor, 2**20))
    finally:
        os.close(descriptor)


def _events(data: bytes) -> Iterator[str]:
    at = 0
    while at < len(data):
        _, mask, _, length = struct.unpack_from("iIII", data, at)
        name = data[at + 16 : at + 16 + length].rstrip(b"\0").decode()
        yield f"{name or 'the folder'} was {next(text for bit, text in _EVENTS.items() if mask & bit)}"
        at += 16 + length


def picture(victim: Path) -> dict[str, tuple[object, ...]]:
    """All that is outside: names, contents, modes and owners."""
    actual: dict[str, tuple[object, ...]] = {}
    for path in sorted(victim.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        actual[str(path)] = (content, status.st_mode, status.st_uid)
    return actual


def run_tree(number: int, compiled: Path) -> str:
    """Run a command in a tree; raises where anything outside was touched or shown."""
    dice = random.Random(number)
    with TemporaryDirectory() as top:
        tree, victim = Path(top, "tree"), Path(top, "victim")
        shutil.copytree(compiled, tree)
        victim.mkdir()
        (victim / "file").write_text(f"{SENTINEL}\n")
        (victim / "file.yaml").write_text(f"a: {SENTINEL}\n")
        for _ in range(dice.randint(1, 3)):
            with suppress(OSError):
                dice.choice(CHANGES)(tree / dice.choice(PLACES), victim, dice)
        before = picture(victim)  # only now: a change can go through the link of the one before
        return _command(number, tree, victim, before, dice)


def _command(
    number: int,
    tree: Path,
    victim: Path,
    before: dict[str, tuple[object, ...]],
    dice: random.Random,
) -> str:
    words = dice.choice(COMMANDS)
    label, folder = f"{number}: {' '.join(words)}", Path.cwd()
    os.chdir(tree)
    try:
        with watched(victim) as events:
            if dice.random() < 0.2:
                with race(tree, victim, number):
                    result = CliRunner().invoke(platformc, list(words))
            else:
                result = CliRunner().invoke(platformc, list(words))
    finally:
        os.chdir(folder)
    assert not events, f"{label}: {events}"
    assert picture(victim) == before, f"{label}: something outside was changed"
    assert not victim.with_name("ran").exists(), f"{label}: a program of the tree ran"
    hard = any(path.is_file() and path.stat().st_nlink > 1 for path in tree.rglob("*"))
    assert hard or SENTINEL not in result.output, f"{label}: something outside was shown"
    assert ENVIRONMENT not in result.output, f"{label}: the environment was shown"
    assert result.exception is None or isinstance(result.exception, SystemExit | OSError), (
        label,
        result.exception,
    )
    return f"{words[0]} {result.exit_code}"


def compile_and_commit(folder: Path) -> None:
    """The checkout that each tree begins as, with one commit in few files."""
    (folder / "platform.yaml").write_text(SPEC)
    for words in (["compile"], ["secrets", "generate"]):
        result = CliRunner().invoke(platformc, [*words, "-f", f"{folder}/platform.yaml"])
        assert result.exit_code == 0, result.output
    names = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    for words in (
        ["init", "-q", "--template="],
        ["add", "-A"],
        ["commit", "-qm", "Compile"],
        ["gc", "-q"],
    ):
        subprocess.run(["git", "-C", folder, *names, *words], check=True)


def fuzz(count: int, start: int = 0) -> Counter[str]:
    """How often each command ended with which status, over so many trees."""
    answers: Counter[str] = Counter()
    with TemporaryDirectory() as top:
        compile_and_commit(Path(top))
        for number in range(start, start + count):
            try:
                answers[run_tree(number, Path(top))] += 1
            except AssertionError as error:
                answers[f"FAILED {error}"] += 1
    return answers


def main(count: int, start: int = 0) -> None:
    started, tally = time.monotonic(), Counter[str]()
    while (ran := tally.total()) < count:
        tally += fuzz(min(100, count - ran), start + ran)
        print(f"{tally.total()} trees in {time.monotonic() - started:.0f} s", flush=True)
    for name, number in tally.most_common():
        print(f"{number:8} {name}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
