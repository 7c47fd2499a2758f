"""Run the rules on instances, on the graph and the objects of each environment, and on all specs.

A rule is a file of `rules/` with some of these functions:

- `check_instance(instance, platform, report)`: one instance, with only its section and the settings
- `check_spec(platform, report)`: the spec of one environment
- `check_specs(platforms, report)`: the specs of all environments together
- `check(platform, graph, report)`: one environment
- `check_all(platforms, graphs, report)`: all environments together

or a file of `rules/objects/` with some of

- `check_objects(platform, lowered, report)`: the objects of one environment
- `check_all_objects(environments, report)`: the objects of all environments together

or a file of `rules/previous/` with

- `check_previous(environments, root, report)`: the objects of all environments, next to the last output

Where sections or bindings have errors, rules see only the instances without errors, and only the errors
of rules are reported: a warning may be about an instance that is missing because of an error. A rule with
`NEEDS_EVERY_INSTANCE` looks for missing instances, so it does not run then. No rule checks the base,
because it is never applied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from compiler.check.silence import without_silenced
from compiler.diagnostics import Diagnostic, Report, TooManyFindingsError, everywhere
from compiler.document.span import Span
from compiler.files import packaged_names
from compiler.model.graph import Graph
from compiler.model.instance import Instance
from compiler.model.memo import Memo
from compiler.model.package import Lowered, Platform

T = TypeVar("T")


@cache
def rules(folder: str = "rules") -> tuple[ModuleType, ...]:
    """Import the modules in a folder of rules, sorted by name."""
    files = packaged_names(Path(__file__).parent.parent / folder)
    names = [name[:-3] for name in files if name.endswith(".py") and name != "__init__.py"]
    package = f"compiler.{folder.replace('/', '.')}"
    return tuple(import_module(f"{package}.{name}") for name in names)


def check(
    platforms: Mapping[str | None, Platform], graphs: Mapping[str | None, Graph], report: Report
) -> set[Span]:
    """Run the rules about specs and about bindings on every environment.

    Returns the silences that were used.
    """
    environments = _environments(platforms)

    def run(findings: Report) -> None:
        right = {name: platform.without(platform.wrong) for name, platform in environments.items()}
        _check_specs(right, findings)
        every_instance = not report.failed and not findings.blocked
        settled = {name: graph.settled for name, graph in _environments(graphs).items()}
        parts = {name: platform.part(settled[name]) for name, platform in environments.items()}
        _check_bindings(parts, settled, findings, every_instance=every_instance)

    return _run(run, environments, report)


def _check_specs(environments: Mapping[str, Platform], findings: Report) -> None:
    instances = _distinct(environments)
    for rule in rules():
        if hasattr(rule, "check_instance"):
            _check_instances(rule, instances, findings)
        for name, platform in environments.items() if hasattr(rule, "check_spec") else ():
            rule.check_spec(platform, findings.within(name))
        if hasattr(rule, "check_specs"):
            rule.check_specs(environments, findings)


def _check_bindings(
    environments: Mapping[str, Platform], graphs: Mapping[str, Graph], findings: Report, *,
    every_instance: bool,
) -> None:  # fmt: skip
    """Run the rules about bindings; after an error elsewhere, keep only their errors."""
    of_bindings = Report()
    try:
        _run_on_bindings(environments, graphs, of_bindings, every_instance=every_instance)
    finally:  # also if there are too many
        findings.diagnostics += of_bindings.diagnostics if every_instance else of_bindings.errors


def _run_on_bindings(
    environments: Mapping[str, Platform], graphs: Mapping[str, Graph], findings: Report, *,
    every_instance: bool,
) -> None:  # fmt: skip
    for rule in rules():
        if not every_instance and getattr(rule, "NEEDS_EVERY_INSTANCE", False):
            continue
        if hasattr(rule, "check_all"):
            rule.check_all(environments, graphs, findings)
        for name, platform in environments.items() if hasattr(rule, "check") else ():
            rule.check(platform, graphs[name], findings.within(name))


Occurrences = tuple[Instance[Any], Platform, list[str]]


def _distinct(environments: Mapping[str, Platform]) -> list[Occurrences]:
    """Every instance once, with one of its platforms and the names of all its environments."""
    memo, distinct = Memo(), list[Occurrences]()
    for name, platform in environments.items():
        for instance in platform.instances.values():
            names = memo.once(list[str], "environments", instance)
            if not names:
                distinct.append((instance, platform, names))
            names.append(name)
    return distinct


def _check_instances(rule: ModuleType, instances: Iterable[Occurrences], report: Report) -> None:
    """Run a rule once on every instance, and report its findings for all environments of the instance."""
    findings = Report()
    for instance, platform, names in instances:
        # Seldom, so one report serves most instances.
        if _has_findings(rule, instance, platform, findings):
            for name in names:
                report.within(name).extend(findings.diagnostics)
            findings = Report()


def _has_findings(
    rule: ModuleType, instance: Instance[Any], platform: Platform, report: Report
) -> bool:
    """Run a rule on an instance. Returns whether the rule reports anything."""
    try:
        rule.check_instance(instance, platform, report)
    except TooManyFindingsError:
        return True
    return bool(report.diagnostics)


def check_objects(lowered: Mapping[str | None, Lowered], report: Report) -> set[Span]:
    """Run the rules about objects on every environment. Returns the silences that were used."""
    results = _environments(lowered)
    environments = {name: result.platform for name, result in results.items()}

    def run(findings: Report) -> None:
        for rule in rules("rules/objects"):
            if hasattr(rule, "check_all_objects"):
                rule.check_all_objects(results, findings)
            for name, platform in environments.items() if hasattr(rule, "check_objects") else ():
                rule.check_objects(platform, results[name], findings.within(name))

    return _run(run, environments, report)


def check_previous(lowered: Mapping[str | None, Lowered], root: Path) -> list[Diagnostic]:
    """Run the rules that compare the objects with the last output, which is below `root`."""
    platforms = {name: result.platform for name, result in _environments(lowered).items()}
    findings = Report()
    with findings.closing():
        for rule in rules("rules/previous"):
            rule.check_previous(lowered, root, findings)
    return without_silenced(findings.diagnostics, platforms)[0]


def _environments(values: Mapping[str | None, T]) -> dict[str, T]:
    return {name: value for name, value in values.items() if name is not None}


def _run(
    run: Callable[[Report], None], environments: Mapping[str, Platform], report: Report
) -> set[Span]:
    """Run rules, and add their findings that are not silenced. Returns the silences that were used.

    If there are too many, the report gets the findings up to the limit before the error goes on.
    """
    findings = Report()
    try:
        run(findings)
    except TooManyFindingsError:
        _add_unsilenced(findings, environments, report)
        raise
    return _add_unsilenced(findings, environments, report)


def _add_unsilenced(
    findings: Report, environments: Mapping[str, Platform], report: Report
) -> set[Span]:
    """Add the findings that are not silenced, and only errors if the report has an error already."""
    shown = Report(findings.errors) if report.failed else findings
    remaining, used = without_silenced(shown.sorted(), environments)
    report.diagnostics += (everywhere(diagnostic, environments) for diagnostic in remaining)
    return used
