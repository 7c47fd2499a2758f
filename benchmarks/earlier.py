"""What platformc is held against beside its peers: an earlier version, and a Python that does nothing.

`tests/tools.sh peers` installs commit 813904f, which validated without pydantic and used three further
processes, into an environment of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from benchmarks.measure import Pairs, Task, paired
from benchmarks.peers import TOOLS
from benchmarks.workplace import Workplace

VERSION = "813904f"
PLATFORMC = TOOLS / VERSION / "bin" / "platformc"
_IMPORTS = "import click, jinja2; from pydantic import BaseModel; from yaml import CSafeLoader"
BARE = [sys.executable, "-c", _IMPORTS]


@dataclass(frozen=True, slots=True)
class Comparison:
    """platformc in pairs with something else."""

    case: str
    other: str
    pairs: Pairs


def compared(case: str, place: Workplace, rounds: int) -> Iterator[Comparison]:
    """A cold compile against the earlier version's."""
    if not PLATFORMC.exists():
        raise SystemExit(f"{PLATFORMC} is missing: `make bench` brings it (tests/tools.sh)")
    earlier = place.cold([str(PLATFORMC), "compile"])
    earlier.run()
    yield Comparison(case, VERSION, paired(place.cold(), earlier, rounds))


def bare(case: str, place: Workplace, rounds: int) -> Comparison:
    """A cold compile against the imports that no compile can do without."""
    task = Task(BARE, place.folder)
    task.run()
    return Comparison(case, "a bare Python", paired(place.cold(), task, rounds))


def unchanged(case: str, place: Workplace, rounds: int) -> Comparison:
    """A compile with nothing to do against the earlier version's, each after one of its own."""
    again = [
        Task(command, place.folder, partial(_once, place, command))
        for command in (place.command, [str(PLATFORMC), "compile"])
    ]
    return Comparison(case, VERSION, paired(again[0], again[1], rounds))


def _once(place: Workplace, command: list[str]) -> None:
    place.cold(command).run()
