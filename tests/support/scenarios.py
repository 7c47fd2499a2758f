"""The platforms of `tests/scenarios/`, each compiled once."""

from __future__ import annotations

from functools import cache

from compiler import pipeline
from compiler.pipeline import Compilation
from compiler.upstream import lock
from support.paths import SCENARIOS


def scenario_names() -> list[str]:
    return sorted(path.parent.name for path in SCENARIOS.glob("*/platform.yaml"))


@cache
def compiled(name: str) -> Compilation:
    """A scenario, compiled once for all tests. It must have no error."""
    path = SCENARIOS / name / "platform.yaml"
    result = pipeline.compile(path.read_bytes(), "platform.yaml", lock.read(path))
    assert not result.report.failed, result.report.sorted()
    return result
