"""Where the project's parts lie."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
SCENARIOS = TESTS / "scenarios"
TOOLS = ROOT / ".tools" / "bin"
