"""Checkouts that hold anything at all: no command reads, writes, removes or runs outside of them.

Each tree is a checkout that was compiled, changed in some places: links, hard links, pipes, devices,
planted state, odd names, files of another owner; in some a second process swaps folders for links while the
command runs. `python -m support.fuzz_trees 20000` runs as many; the test suite runs few.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
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
    ("diff",), ("images",), ("init", "."), ("argocd", "plugin", "--image", "r.example/p:1", "-o", "plugin"),
    ("argocd", "generate"), ("apply-plan",),
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
Change = Callable[[Path, Path, random.Random], None]


def _clear(place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def link(place: Path, victim: Path, dice: random.Random) -> None:
    _clear(place)
    targets = (victim, victim / "file", Path("/proc/self/environ"), Path("/dev/stdin"), place)
    place.symlink_to(dice.choice(targets))


def hard_link(place: Path, victim: Path, dice: random.Random) -> None:
    _clear(place)
    os.link(victim / "file", place)


def pipe(place: Path, victim: Path, dice: random.Random) -> None:
    _clear(place)
    os.mkfifo(place)


def device(place: Path, victim: Path, dice: random.Random) -> None:
    _clear(place)
    place.symlink_to(dice.choice(("/dev/zero", "/dev/tty", "/dev/full")))


def folder(place: Path, victim: Path, dice: random.Random) -> None:
    _clear(place)
    (place / dice.choice(("x", "-rf", "\x1b[31m", "a\nb", "é" * 60))).mkdir(parents=True)


def other_owner(place: Path, victim: Path, dice: random.Random) -> None:
    with suppress(OSError):
        os.chown(place, 12345, 12345, follow_symlinks=False)


def state(place: Path, victim: Path, dice: random.Random) -> None:
    """A journal, a list or noise, with paths that lead out."""
    _clear(place)
    path = dice.choice(
        ("../victim/file", str(victim / "file"), ".git/hooks/pre-commit", "base/../../victim/file")
    )
    texts = (
        json.dumps({"write": [path], "remove": [path]}),
        json.dumps({"root": [0, 0], "stage": ".platformc/stage", "write": [path], "remove": {path: ""}}),
        f"{'0' * 64}  {path}\n", "\x00\xff", "{" * 5000, "a: " * 3000, "images: {x: 'sha256:../../x'}",
    )  # fmt: skip
    place.write_bytes(dice.choice(texts).encode("latin-1"))


def noise(place: Path, victim: Path, dice: random.Random) -> None:
    _clear(place)
    place.write_bytes(dice.randbytes(dice.randrange(300)))


CHANGES: tuple[Change, ...] = (
    link,
    link,
    link,
    hard_link,
    pipe,
    device,
    folder,
    other_owner,
    state,
    state,
    noise,
)


def swap(tree: Path, victim: Path, over: threading.Event, dice: random.Random) -> None:
    """A second process: folders become links, and folders again, for as long as the command runs."""
    places = [
        tree / name for name in ("base", "overlays", "secrets", ".platformc", "clients", "plugin")
    ]
    while not over.is_set():
        place = dice.choice(places)
        with suppress(OSError):
            place.rename(tree / "aside")
            place.symlink_to(victim)
            place.unlink()
            (tree / "aside").rename(place)


def picture(victim: Path) -> dict[str, tuple[object, ...]]:
    """All that is outside: names, contents, modes and owners."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(victim.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        found[str(path)] = (content, status.st_mode, status.st_uid)
    return found


def one(number: int, compiled: Path) -> str:
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
    words, over = dice.choice(COMMANDS), threading.Event()
    racer = threading.Thread(target=swap, args=(tree, victim, over, random.Random(number)))
    here = Path.cwd()
    os.chdir(tree)
    racing = dice.random() < 0.2
    try:
        if racing:
            racer.start()
        done = CliRunner().invoke(platformc, list(words))
    finally:
        over.set()
        if racing:
            racer.join()
        os.chdir(here)
    label = f"{number}: {' '.join(words)}"
    assert picture(victim) == before, f"{label}: something outside was changed"
    hard = any(path.is_file() and path.stat().st_nlink > 1 for path in tree.rglob("*"))
    assert hard or SENTINEL not in done.output, f"{label}: something outside was shown"
    assert done.exception is None or isinstance(done.exception, SystemExit | OSError), (
        label,
        done.exception,
    )
    return f"{words[0]} {done.exit_code}"


def fuzz(count: int, first: int = 0) -> Counter[str]:
    """How often each command ended with which status, over so many trees."""
    answers: Counter[str] = Counter()
    with TemporaryDirectory() as top:
        (Path(top) / "platform.yaml").write_text(SPEC)
        for words in (["compile"], ["secrets", "generate"]):
            done = CliRunner().invoke(platformc, [*words, "-f", f"{top}/platform.yaml"])
            assert done.exit_code == 0, done.output
        for number in range(first, first + count):
            answers[one(number, Path(top))] += 1
    return answers


def main(count: int, first: int = 0) -> None:
    started, tally = time.monotonic(), Counter[str]()
    while sum(tally.values()) < count:
        part = min(100, count - sum(tally.values()))
        tally += fuzz(part, first + sum(tally.values()))
        print(f"{sum(tally.values())} trees in {time.monotonic() - started:.0f} s", flush=True)
    for name, number in tally.most_common():
        print(f"{number:8} {name}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
