"""The cost of one cluster of a fleet: alone in its spec, and as one of many environments.

python -m benchmarks.fleet                          a minute or two
python -m benchmarks.fleet --into docs/fleet.md     the same, and puts the table in its place
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import report
from benchmarks.measure import Runs, alone
from benchmarks.platforms import platform
from benchmarks.workplace import Workplace

_MODELS = 500  # of a cluster
_ENVIRONMENTS = (1, 20, 100)
_ONLY = ("--env", "env-00")


@dataclass(frozen=True, slots=True)
class Share:
    """A compile of some environments, all of them written or only the first."""

    environments: int
    only: bool
    runs: Runs
    files: int
    size: int  # of the files


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--models", type=int, default=_MODELS)
    options.add_argument("--environments", type=int, nargs="+", default=_ENVIRONMENTS)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--into", type=Path, metavar="FILE")
    arguments = options.parse_args()
    shares = list(_shares(arguments.models, arguments.environments, arguments.rounds))
    text = "\n".join([*_table(arguments.models, shares), ""])
    print(text)
    if arguments.into:
        report.insert(text, arguments.into, "benchmarks.fleet")


def _shares(models: int, environments: Sequence[int], rounds: int) -> Iterator[Share]:
    for count in environments:
        with tempfile.TemporaryDirectory() as folder:
            workplace = Workplace(platform(models, count), Path(folder) / "fleet")
            for only in (False, True) if count > 1 else (False,):
                task = workplace.cold()
                task = replace(task, command=[*task.command, *(_ONLY if only else ())])
                runs = alone(task, rounds)
                sizes = [
                    path.stat().st_size
                    for top in ("base", "overlays", "out")
                    for path in (workplace.folder / top).rglob("*")
                    if path.is_file()
                ]
                yield Share(count, only, runs, len(sizes), sum(sizes))


def _table(models: int, shares: Sequence[Share]) -> Iterator[str]:
    yield f"`platformc compile`, {models} models, {report.machine()}\n"
    head = ["environments in the spec", "written", "wall s", "CPU s", "peak MiB", "files", "MB"]
    rows = [
        [
            str(share.environments), f"`{' '.join(_ONLY)}`" if share.only else "all",
            f"{share.runs.wall:.2f}", f"{share.runs.cpu:.2f}", f"{share.runs.memory:.0f}",
            f"{share.files:,}", f"{share.size / 1e6:.1f}",
        ]
        for share in shares
    ]  # fmt: skip
    yield from report.table(head, rows)
    several = [share for share in shares if not share.only]
    small, large = several[-2], several[-1]
    growth = math.log(large.runs.cpu / small.runs.cpu)
    exponent = growth / math.log(large.environments / small.environments)
    yield (
        f"\nFrom {small.environments} to {large.environments} environments, CPU time grows with "
        f"the power {exponent:.2f} of their number."
    )


if __name__ == "__main__":
    main()
