"""Parts against programs that do the same: kustomize on our roots, kubeconform on our objects."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Pairs, Run, Runs, Task, paired
from benchmarks.peers import TOOLS, tool
from benchmarks.workplace import Workplace
from compiler.verify import kubeconform

_RENDERED = "resources: [objects.yaml]\n"


@dataclass(frozen=True, slots=True)
class Root:
    """One root: how many objects, and its build against that of the same objects in one file."""

    name: str
    objects: int
    pairs: Pairs


def roots(place: Workplace, rounds: int, only: str = "") -> list[Root]:
    """The roots of a compiled platform, or those of one environment."""
    place.cold().run()
    asked = place.folder / "overlays" / only
    return [
        _root(root, place, rounds)
        for root in place.roots()
        if root == asked or asked in root.parents
    ]


def _root(root: Path, place: Workplace, rounds: int) -> Root:
    kustomize = tool("kustomize")
    name = root.relative_to(place.folder / "overlays").as_posix()
    built = subprocess.run([kustomize, "build", str(root)], capture_output=True, check=True).stdout
    flat = place.folder / "flat" / name.replace("/", "-")
    flat.mkdir(parents=True)
    (flat / "objects.yaml").write_bytes(built)
    (flat / "kustomization.yaml").write_text(_RENDERED)
    ours, theirs = (Task([kustomize, "build", str(one)], place.folder) for one in (root, flat))
    count = sum(line.startswith(b"kind:") for line in built.splitlines())
    return Root(name, count, paired(ours, theirs, rounds))


def check(place: Workplace, rounds: int) -> Pairs:
    """The schema check in process, without its process, and kubeconform on the rendered files."""
    place.cold().run()
    files = sorted((place.folder / "out").glob("*/*.yaml"))
    command = kubeconform.command(*map(str, files))
    theirs = Task([tool("kubeconform"), *command[1:]], place.folder)
    found = [(_checked(place.file), theirs.run()) for _ in range(rounds)]
    return Pairs(Runs(tuple(a for a, _ in found)), Runs(tuple(b for _, b in found)))


def _checked(spec: Path) -> Run:
    command = [sys.executable, "-m", "benchmarks.check", str(spec)]
    done = subprocess.run(command, capture_output=True, check=True, cwd=TOOLS.parent)
    wall, cpu = map(float, done.stdout.split())
    return Run(wall, cpu, 0)
