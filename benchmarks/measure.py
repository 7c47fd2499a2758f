"""Whole processes, timed by the operating system's own accounting, two at a time."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_CHILD = Path(__file__).with_name("child.py")
_PATIENCE = 150.0  # seconds for the rounds of one pair; the first round is always finished


def _no_preparation() -> None:
    """The preparation of a task that needs none."""


@dataclass(frozen=True, slots=True)
class Task:
    """A command, where it runs, and its preparation, which is not counted."""

    command: Sequence[str]
    folder: Path
    before: Callable[[], None] = _no_preparation

    def run(self) -> Run:
        self.before()
        small = [sys.executable, "-I", "-S", str(_CHILD), *self.command]
        process = subprocess.run(
            small, cwd=self.folder, capture_output=True, text=True, check=False
        )
        if process.returncode:
            raise RuntimeError(f"{' '.join(self.command)[:200]}: {process.stderr[-500:]}")
        wall, cpu, memory = map(float, process.stdout.split())
        return Run(wall, cpu, memory)


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds and MiB of one run, children included; of several processes the largest's memory."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class Runs:
    """Several runs of one task."""

    all: tuple[Run, ...]

    @property
    def wall(self) -> float:
        return statistics.median(run.wall for run in self.all)

    @property
    def cpu(self) -> float:
        return statistics.median(run.cpu for run in self.all)

    @property
    def memory(self) -> float:
        return max(run.memory for run in self.all)


@dataclass(frozen=True, slots=True)
class Ratio:
    """One thing's figures through another's, pair by pair."""

    all: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.all)

    def __str__(self) -> str:
        return f"{self.median:.2f} ({min(self.all):.2f} to {max(self.all):.2f})"


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two tasks run in turn."""

    tested: Runs
    baseline: Runs

    @property
    def wall(self) -> Ratio:
        pairs = zip(self.tested.all, self.baseline.all, strict=True)
        return Ratio(tuple(run.wall / peer.wall for run, peer in pairs))

    @property
    def cpu(self) -> Ratio:
        pairs = zip(self.tested.all, self.baseline.all, strict=True)
        return Ratio(tuple(run.cpu / peer.cpu for run, peer in pairs))


def alone(task: Task, runs: int) -> Runs:
    return Runs(tuple(task.run() for _ in range(runs)))


def paired(task: Task, peer: Task, rounds: int) -> Pairs:
    """A B A B; fewer rounds where they take too long."""
    results: list[tuple[Run, Run]] = []
    while len(results) < rounds and sum(a.wall + b.wall for a, b in results) < _PATIENCE:
        results.append((task.run(), peer.run()))
    return Pairs(Runs(tuple(a for a, _ in results)), Runs(tuple(b for _, b in results)))
