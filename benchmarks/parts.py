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


def roots(workplace: Workplace, rounds: int, only: str = "") -> list[Root]:
    """The roots of a compiled platform, or those of one environment."""
    workplace.cold().run()
    folder = workplace.folder / "overlays" / only
    return [
        _root(root, workplace, rounds)
        for root in workplace.roots()
        if root == folder or folder in root.parents
    ]


def _root(root: Path, workplace: Workplace, rounds: int) -> Root:
    kustomize = tool("kustomize")
    name = root.relative_to(workplace.folder / "overlays").as_posix()
    built = subprocess.run([kustomize, "build", str(root)], capture_output=True, check=True).stdout
    flat = workplace.folder / "flat" / name.replace("/", "-")
    flat.mkdir(parents=True)
    (flat / "objects.yaml").write_bytes(built)
    (flat / "kustomization.yaml").write_text(_RENDERED)
    platformc, peer = (
        Task([kustomize, "build", str(item)], workplace.folder) for item in (root, flat)
    )
    count = sum(line.startswith(b"kind:") for line in built.splitlines())
    return Root(name, count, paired(platformc, peer, rounds))


def check(workplace: Workplace, rounds: int) -> Pairs:
    """The schema check in process, without its process, and kubeconform on the rendered files."""
    workplace.cold().run()
    files = sorted((workplace.folder / "out").glob("*/*.yaml"))
    command = kubeconform.command(*map(str, files))
    task = Task([tool("kubeconform"), *command[1:]], workplace.folder)
    results = [(_checked(workplace.file), task.run()) for _ in range(rounds)]
    return Pairs(Runs(tuple(a for a, _ in results)), Runs(tuple(b for _, b in results)))


def _checked(spec: Path) -> Run:
    command = [sys.executable, "-m", "benchmarks.check", str(spec)]
    process = subprocess.run(command, capture_output=True, check=True, cwd=TOOLS.parent)
    wall, cpu = map(float, process.stdout.split())
    return Run(wall, cpu, 0)
