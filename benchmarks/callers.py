"""The cost of callers: models that ten workloads call, against the same models and workloads.

python -m benchmarks.callers [MODELS]
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Pairs, paired
from benchmarks.platforms import Spec, name, platform
from benchmarks.workplace import Workplace

ENVIRONMENTS = 3
CALLERS = 10
ROUNDS = 9


def with_callers(models: int, *, bound: bool) -> Spec:
    """The generated platform with workloads that call all models, each of them a part, or none."""
    spec = platform(models, ENVIRONMENTS)
    spec["spec"]["workloads"] = {
        f"caller-{number}": {
            "image": "registry.example.internal/scoring:1.0.0",
            "schedule": "0 1 * * *",
            "uses": [name(index) for index in range(number, models, CALLERS)] if bound else [],
        }
        for number in range(CALLERS)
    }
    return spec


def measured(models: int, rounds: int) -> Pairs:
    with TemporaryDirectory() as folder:
        called = Workplace(with_callers(models, bound=True), Path(folder, "called"))
        uncalled = Workplace(with_callers(models, bound=False), Path(folder, "uncalled"))
        return paired(called.cold(), uncalled.cold(), rounds)


def main() -> None:
    models = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    pairs = measured(models, ROUNDS)
    print(f"{models} models x {ENVIRONMENTS} environments, {ROUNDS} pairs of cold compiles")
    print(f"CPU s: {pairs.tested.cpu:.2f} with callers, {pairs.baseline.cpu:.2f} without")
    print(f"ratio, CPU: {pairs.cpu}; wall: {pairs.wall}")


if __name__ == "__main__":
    main()
