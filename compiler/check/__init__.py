"""Run the rules: each one checks one instance, one environment's graph or objects, or all
environments.

A rule is a file of `rules/` with some of these functions:

- `check_instance(instance, platform, report)`: one instance, with only its section and the settings
- `check_specs(platforms, report)`: the specs of all environments
- `check(platform, graph, report)`: one environment
- `check_all(platforms, graphs, report)`: all environments together

or a file of `rules/objects/` with

- `check_objects(platform, lowered, report)`: the objects of one environment

The first two need no bindings, so they also run on a spec whose bindings fail. No rule checks the
base, because it is never applied.
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
    """The diagnostics of rules, without the silenced ones, and the spans of the silences that were
    used.
    """

    diagnostics: list[Diagnostic]
    used: set[Span]

    @property
    def failed(self) -> bool:
        return Report(self.diagnostics).failed


@cache
def rules(folder: str = "rules") -> tuple[ModuleType, ...]:
    """The modules in a folder of rules, sorted by name."""
    files = (Path(__file__).parent.parent / folder).glob("*.py")
    names = sorted(path.stem for path in files if path.stem != "__init__")
    package = f"compiler.{folder.replace('/', '.')}"
    return tuple(import_module(f"{package}.{name}") for name in names)


def check(platforms: Mapping[str | None, Platform], graphs: Mapping[str | None, Graph]) -> Findings:
    """Run the rules about specs on every environment, and then those about bindings."""
    specs = check_specs(platforms)
    if specs.failed:
        return specs
    environments = _environments(platforms)
    environment_graphs = _environments(graphs)
    report = Report()
    for rule in rules():
        if hasattr(rule, "check_all"):
            rule.check_all(environments, environment_graphs, report)
        for name, platform in environments.items() if hasattr(rule, "check") else ():
            rule.check(platform, environment_graphs[name], report.within(name))
    bindings = _settled(report, environments)
    return Findings(specs.diagnostics + bindings.diagnostics, specs.used | bindings.used)


def check_specs(platforms: Mapping[str | None, Platform]) -> Findings:
    """Run the rules that need no bindings."""
    environments = _environments(platforms)
    report = Report()
    distinct = _distinct(environments, report)
    for rule in rules():
        if hasattr(rule, "check_instance"):
            _check_instances(rule, distinct, report)
        if hasattr(rule, "check_specs"):
            rule.check_specs(environments, report)
    return _settled(report, environments)


Occurrence = tuple[Instance[Any], Platform, Report]


def _distinct(environments: Mapping[str, Platform], report: Report) -> Collection[list[Occurrence]]:
    """Group the instances whose section and settings are the same value in several environments."""
    occurrences: dict[tuple[int, int], list[Occurrence]] = {}
    for name, platform in environments.items():
        settings, environment_report = id(platform.settings), report.within(name)
        for instance in platform.instances.values():
            key = (id(instance.spec), settings)
            occurrences.setdefault(key, []).append((instance, platform, environment_report))
    return occurrences.values()


def _check_instances(
    rule: ModuleType, distinct: Iterable[list[Occurrence]], report: Report
) -> None:
    """Run a rule on every instance; a section without problems only once for all environments."""
    diagnostics = report.diagnostics
    for occurrences in distinct:
        for instance, platform, environment_report in occurrences:
            count = len(diagnostics)
            rule.check_instance(instance, platform, environment_report)
            if len(diagnostics) == count:
                break


def check_objects(lowered: Mapping[str | None, Lowered]) -> Findings:
    """Run the rules about objects on every environment."""
    environments = {name: result.platform for name, result in _environments(lowered).items()}
    report = Report()
    for rule in rules("rules/objects"):
        for name, platform in environments.items():
            rule.check_objects(platform, lowered[name], report.within(name))
    return _settled(report, environments)


def _environments(values: Mapping[str | None, T]) -> dict[str, T]:
    return {name: value for name, value in values.items() if name is not None}


def _settled(report: Report, environments: Mapping[str, Platform]) -> Findings:
    remaining, used = silenced(report.sorted(), environments)
    return Findings([everywhere(diagnostic, environments) for diagnostic in remaining], used)
