"""The schema check alone, for the first time in its process: wall and CPU seconds.

python -m benchmarks.check SPEC
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from compiler import pipeline
from compiler.verify import verify


def main(spec: Path) -> None:
    stopwatch = _Stopwatch(verify)
    with mock.patch("compiler.pipeline.verify", stopwatch):
        result = pipeline.compile(spec.read_bytes(), str(spec))
    if result.report.failed or not stopwatch.calls:
        raise SystemExit(f"{spec} was not checked")
    print(stopwatch.wall, stopwatch.cpu)


class _Stopwatch:
    """The time of a function, and of the processes that it starts."""

    def __init__(self, function: Callable[..., None]) -> None:
        self.function, self.calls, self.wall, self.cpu = function, 0, 0.0, 0.0

    def __call__(self, *arguments: object) -> None:
        start, before = time.perf_counter(), _cpu()
        self.function(*arguments)
        self.wall += time.perf_counter() - start
        self.cpu += _cpu() - before
        self.calls += 1


def _cpu() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
