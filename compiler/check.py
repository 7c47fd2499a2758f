"""Rules about the whole platform: each looks at one environment's graph, or at all of them.

A rule is a file of `rules/` with a function `check(platform, graph, report)`, held against each
environment by itself, or `check_all(platforms, graphs, report)`, against all at once. The base is
never applied, so no rule looks at it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

from compiler.diagnostics import Diagnostic, Report
from compiler.model.graph import Graph
from compiler.model.package import Platform
from compiler.silence import silenced

Check = Callable[[Platform, Graph, Report], None]
CheckAll = Callable[[Mapping[str, Platform], Mapping[str, Graph], Report], None]


@cache
def rules() -> tuple[ModuleType, ...]:
    """Every file of `rules/`, sorted by name."""
    folder = Path(__file__).parent / "rules"
    names = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    return tuple(import_module(f"compiler.rules.{name}") for name in names)


def check(
    platforms: Mapping[str | None, Platform],
    graphs: Mapping[str | None, Graph],
    report: Report,
) -> None:
    """Hold every environment against every rule, but for what the spec silences."""
    environments = {name: one for name, one in platforms.items() if name is not None}
    theirs = {name: graphs[name] for name in environments}
    found = Report()
    for rule in rules():
        if hasattr(rule, "check_all"):
            rule.check_all(environments, theirs, found)
            continue
        for name, platform in environments.items():
            rule.check(platform, theirs[name], found.within(name))
    left = silenced(found.sorted(), environments, report)
    report.diagnostics.extend(_everywhere(one, set(environments)) for one in left)


def _everywhere(found: Diagnostic, environments: set[str]) -> Diagnostic:
    """What holds for every environment needs to name none."""
    return replace(found, environments=()) if set(found.environments) == environments else found
