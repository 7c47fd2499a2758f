"""Rules about the whole platform: each looks at one environment's graph, its objects, or at all.

A rule is a file of `rules/` with some of these functions:

- `check_instance(instance, platform, report)`: one instance, by its section and the settings alone
- `check_specs(platforms, report)`: the specs of all environments
- `check(platform, graph, report)`: each environment by itself
- `check_all(platforms, graphs, report)`: all environments at once

or one of `rules/objects/`, with

- `check_objects(platform, lowered, report)`: what an environment lowers to

The first two need no bindings, so a spec whose bindings fail is told of both. The base is never
applied, so no rule looks at it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from msgspec import Struct

from compiler.check.silence import silenced
from compiler.diagnostics import Diagnostic, Report, everywhere
from compiler.document.span import Span
from compiler.model.graph import Graph
from compiler.model.instance import Instance
from compiler.model.package import Lowered, Platform

T = TypeVar("T")


class Findings(Struct, frozen=True):
    """What rules found, but what is silenced; and the silences that hid the rest."""

    diagnostics: list[Diagnostic]
    used: set[Span]

    @property
    def failed(self) -> bool:
        return Report(self.diagnostics).failed


@cache
def rules(folder: str = "rules") -> tuple[ModuleType, ...]:
    """Every file of a folder of rules, sorted by name."""
    files = (Path(__file__).parent.parent / folder).glob("*.py")
    names = sorted(path.stem for path in files if path.stem != "__init__")
    package = f"compiler.{folder.replace('/', '.')}"
    return tuple(import_module(f"{package}.{name}") for name in names)


def check(platforms: Mapping[str | None, Platform], graphs: Mapping[str | None, Graph]) -> Findings:
    """Hold every environment against every rule about specs, and then about bindings."""
    specs = check_specs(platforms)
    if specs.failed:
        return specs
    environments = _environments(platforms)
    theirs = _environments(graphs)
    found = Report()
    for rule in rules():
        if hasattr(rule, "check_all"):
            rule.check_all(environments, theirs, found)
        for name, platform in environments.items() if hasattr(rule, "check") else ():
            rule.check(platform, theirs[name], found.within(name))
    bindings = _settled(found, environments)
    return Findings(specs.diagnostics + bindings.diagnostics, specs.used | bindings.used)


def check_specs(platforms: Mapping[str | None, Platform]) -> Findings:
    """Hold what is written against every rule that needs nothing resolved."""
    environments = _environments(platforms)
    found = Report()
    distinct = _distinct(environments, found)
    for rule in rules():
        if hasattr(rule, "check_instance"):
            _check_instances(rule, distinct, found)
        if hasattr(rule, "check_specs"):
            rule.check_specs(environments, found)
    return _settled(found, environments)


Occurrence = tuple[Instance[Any], Platform, Report]


def _distinct(environments: Mapping[str, Platform], report: Report) -> Collection[list[Occurrence]]:
    """Every section once, with the environments that have it and where their findings go."""
    found: dict[tuple[int, int], list[Occurrence]] = {}
    for name, platform in environments.items():
        settings, within = id(platform.settings), report.within(name)
        for instance in platform.instances.values():
            key = (id(instance.spec), settings)
            found.setdefault(key, []).append((instance, platform, within))
    return found.values()


def _check_instances(
    rule: ModuleType, distinct: Iterable[list[Occurrence]], report: Report
) -> None:
    """Hold every instance against a rule; a section that environments share, and is fine, once."""
    found = report.diagnostics
    for occurrences in distinct:
        for instance, platform, within in occurrences:
            before = len(found)
            rule.check_instance(instance, platform, within)
            if len(found) == before:
                break


def check_objects(lowered: Mapping[str | None, Lowered]) -> Findings:
    """Hold every environment against every rule about objects."""
    environments = {name: one.platform for name, one in _environments(lowered).items()}
    found = Report()
    for rule in rules("rules/objects"):
        for name, platform in environments.items():
            rule.check_objects(platform, lowered[name], found.within(name))
    return _settled(found, environments)


def _environments(all: Mapping[str | None, T]) -> dict[str, T]:
    return {name: one for name, one in all.items() if name is not None}


def _settled(found: Report, environments: Mapping[str, Platform]) -> Findings:
    left, used = silenced(found.sorted(), environments)
    return Findings([everywhere(one, environments) for one in left], used)
