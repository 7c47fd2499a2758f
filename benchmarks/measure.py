"""Whole processes, timed by the operating system's own accounting."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figures:
    """Medians over some runs: wall and CPU seconds, and the largest peak of memory in MiB."""

    wall: float
    cpu: float
    memory: float
    runs: int


def measure(
    command: Sequence[str], cwd: Path, runs: int, before: Callable[[], None] = lambda: None
) -> Figures:
    """Run a command several times; `before` prepares each run and is not counted."""
    walls, cpus, peaks = [], [], []
    for _ in range(runs):
        before()
        start = time.perf_counter()
        process = subprocess.Popen(
            list(command), cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        errors = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        walls.append(time.perf_counter() - start)
        if process.returncode != 0:
            raise RuntimeError(f"{command[0]}: {errors.decode()[-500:]}")
        cpus.append(usage.ru_utime + usage.ru_stime)
        peaks.append(usage.ru_maxrss / 1024)
    return Figures(statistics.median(walls), statistics.median(cpus), max(peaks), runs)
