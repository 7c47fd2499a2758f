"""Comparisons in addition to the peers: an earlier version, and a Python that does nothing.

`tests/tools.sh peers` installs commit 813904f, which validated without pydantic and used three further
processes, into its own environment.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial

from benchmarks.measure import Pairs, Task, paired
from benchmarks.peers import TOOLS
from benchmarks.workplace import Workplace

VERSION = "813904f"
PLATFORMC = TOOLS / VERSION / "bin" / "platformc"
_IMPORTS = "import click, jinja2; from pydantic import BaseModel; from yaml import CSafeLoader"
BARE = [sys.executable, "-c", _IMPORTS]
# The largest ratios of time that are a success.
MOST_REFERENCE, MOST_MODELS, MOST_UNCHANGED, MOST_BARE = 1.7, 1.0, 1.1, 2.2


@dataclass(frozen=True, slots=True)
class Comparison:
    """platformc in pairs with something else."""

    case: str
    baseline: str
    pairs: Pairs
    most: float  # the largest ratio that is a success


def compared(case: str, workplace: Workplace, rounds: int, most: float) -> Comparison:
    """A cold compile against the earlier version's."""
    if not PLATFORMC.exists():
        raise SystemExit(f"{PLATFORMC} is missing: `make bench` brings it (tests/tools.sh)")
    earlier = workplace.cold([str(PLATFORMC), "compile"])
    earlier.run()
    return Comparison(case, VERSION, paired(workplace.cold(), earlier, rounds), most)


def bare(case: str, workplace: Workplace, rounds: int) -> Comparison:
    """A cold compile against the imports that no compile can do without."""
    task = Task(BARE, workplace.folder)
    task.run()
    return Comparison(case, "a bare Python", paired(workplace.cold(), task, rounds), MOST_BARE)


def unchanged(case: str, workplace: Workplace, rounds: int) -> Comparison:
    """A compile with nothing to do against the earlier version's, each after its first compile."""
    tasks = [
        Task(command, workplace.folder, partial(_compile, workplace, command))
        for command in (workplace.command, [str(PLATFORMC), "compile"])
    ]
    return Comparison(case, VERSION, paired(tasks[0], tasks[1], rounds), MOST_UNCHANGED)


def _compile(workplace: Workplace, command: list[str]) -> None:
    workplace.cold(command).run()
