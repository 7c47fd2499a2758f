"""Measures platformc against its peers and prints the tables of docs/performance.md.

python -m benchmarks.run                                 about twenty minutes on a quiet machine
python -m benchmarks.run --into docs/performance.md      the same, and puts them in their place
python -m benchmarks.run --quick                         small sizes and one round: does it run?
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks import earlier, parts, report
from benchmarks.earlier import Comparison
from benchmarks.growth import Growth
from benchmarks.installation import installed
from benchmarks.measure import Runs, Task, alone, paired
from benchmarks.platforms import Spec, platform, reference
from benchmarks.report import Case, Measured
from benchmarks.workplace import Workplace


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large, and how often."""

    small: int = 100
    middle: int = 1000
    large: int = 5000
    environments: tuple[int, int] = (4, 20)
    rounds: int = 7

    @property
    def often(self) -> int:
        """Of commands that take less than a second, in which chance has a larger part."""
        return 3 * self.rounds if self.rounds > 1 else 1


WorkplaceMaker = Callable[[Spec, Path], Workplace]
QUICK = Sizes(small=3, middle=20, large=100, environments=(1, 3), rounds=1)


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--quick", action="store_true")
    options.add_argument("--rounds", type=int, default=None)
    options.add_argument("--into", type=Path, metavar="FILE")
    arguments = options.parse_args()
    sizes = QUICK if arguments.quick else Sizes(rounds=arguments.rounds or Sizes().rounds)
    with tempfile.TemporaryDirectory() as folder:
        new_workplace = partial(Workplace, platformc=installed(Path(folder) / "installed"))
        measured = _measured(sizes, Path(folder), new_workplace)
    text = report.markdown(measured)
    print(text)
    if arguments.into:
        report.insert(text, arguments.into, "benchmarks.run")


def _measured(sizes: Sizes, folder: Path, new_workplace: WorkplaceMaker) -> Measured:
    rounds = sizes.rounds
    reference_platform = new_workplace(reference(), folder / "reference")
    reference_case = _case("the reference platform", reference_platform, sizes.often)
    comparisons = _of_reference(reference_case, reference_platform, sizes.often)
    _log("kustomize on every root of the reference platform")
    roots = parts.roots(new_workplace(reference(), folder / "roots"), rounds)
    small, by_environments = _by_environments(sizes, folder, new_workplace)
    middle_platform = new_workplace(platform(sizes.middle, 3), folder / "middle")
    middle = _case(f"{sizes.middle:,} models", middle_platform, rounds)
    comparisons += _of_models(middle, middle_platform, rounds)
    _log("nothing changed, one model changed")
    middle_platform.cold().run()
    unchanged = alone(middle_platform.unchanged(), sizes.often)
    changed = alone(middle_platform.one_model_changed(), sizes.often)
    _log("kustomize on every root of one environment, and kubeconform")
    split = new_workplace(platform(sizes.middle, 3), folder / "split")
    roots += parts.roots(split, min(rounds, 3), only="env-00")
    second = new_workplace(reference(), folder / "checked")
    checked = [
        (case.name, case.objects, parts.check(workplace, rounds))
        for case, workplace in ((reference_case, second), (middle, split))
    ]
    for name in ("middle", "split"):
        shutil.rmtree(folder / name)
    large_platform = new_workplace(platform(sizes.large, 3), folder / "large")
    large = _case(f"{sizes.large:,} models", large_platform, min(rounds, 3))
    by_models = Growth("models", (sizes.middle, sizes.large), middle.runs, large.runs)
    return Measured(
        reference_case, small, middle, large, unchanged, changed, roots, checked,
        [by_models, by_environments], comparisons,
    )  # fmt: skip


def _of_reference(case: Case, workplace: Workplace, rounds: int) -> list[Comparison]:
    _log(f"{case.name}: a bare Python, the earlier version")
    return [
        earlier.bare(case.name, workplace, rounds),
        earlier.compared(case.name, workplace, rounds, earlier.MOST_REFERENCE),
    ]


def _of_models(case: Case, workplace: Workplace, rounds: int) -> list[Comparison]:
    _log(f"{case.name} and nothing changed, against the earlier version")
    return [
        earlier.compared(case.name, workplace, rounds, earlier.MOST_MODELS),
        earlier.unchanged("nothing changed", workplace, rounds),
    ]


def _case(name: str, workplace: Workplace, rounds: int) -> Case:
    """platformc against each peer in turn."""
    _log(f"{name}: {workplace.count:,} objects, the peers' compared with ours")
    peers = workplace.peers()
    platformc = workplace.cold()
    platformc.run()
    pairs = {}
    for peer, task in peers.items():
        _log(f"{name}: {peer}")
        pairs[peer] = paired(platformc, task, rounds)
    case = Case(name, len(workplace.objects), workplace.count, pairs)
    _log("\n".join(report.of_case(case)))
    return case


def _by_environments(
    sizes: Sizes, folder: Path, new_workplace: WorkplaceMaker
) -> tuple[Case, Growth]:
    """A small platform in three environments, and its growth with their number."""
    small = new_workplace(platform(sizes.small, 3), folder / "small")
    case = _case(f"{sizes.small:,} models", small, sizes.often)
    results: list[dict[str, Runs]] = []
    for count in sizes.environments:
        workplace = new_workplace(platform(sizes.small, count), folder / f"environments-{count}")
        _log(f"{case.name}, {count} environments")
        tasks: dict[str, Task] = {"platformc": workplace.cold(), **workplace.peers()}
        results.append({name: alone(task, min(sizes.rounds, 3)) for name, task in tasks.items()})
    subject = f"environments, {case.name}"
    return case, Growth(subject, sizes.environments, results[0], results[1])


def _log(subject: str) -> None:
    print(subject, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
