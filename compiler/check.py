"""Rules about the whole platform: each looks at one environment's graph, or at all of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

from compiler.diagnostics import Report
from compiler.model.graph import Graph
from compiler.model.package import Platform


@cache
def rules() -> tuple[ModuleType, ...]:
    """Every file of `rules/`, sorted by name; each has a `check(platform, graph, report)`."""
    folder = Path(__file__).parent / "rules"
    names = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    return tuple(import_module(f"compiler.rules.{name}") for name in names)


def check(
    platforms: Mapping[str | None, Platform],
    graphs: Mapping[str | None, Graph],
    report: Report,
) -> None:
    """Hold every environment against every rule. The base is never applied, so none apply to it."""
    for name, platform in platforms.items():
        if name is not None:
            for rule in rules():
                rule.check(platform, graphs[name], report.within(name))
