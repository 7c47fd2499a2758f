"""The folders of `tests/diagnostics/`: specs with mistakes, and the expected text on stderr."""

from __future__ import annotations

from functools import cache

from support.paths import TESTS

GOLDENS = TESTS / "diagnostics"


def golden_names() -> list[str]:
    return sorted(path.parent.name for path in GOLDENS.glob("*/platform.yaml"))


@cache
def golden_source(name: str) -> str:
    return (GOLDENS / name / "expected" / "stderr.txt").read_text(encoding="utf-8")
