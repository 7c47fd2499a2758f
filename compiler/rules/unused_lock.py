"""Versions of models in `platform.lock` that no model of the spec has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compiler.diagnostics import Report
from compiler.diagnostics.words import suggestion
from compiler.model import Platform


def check_specs(platforms: Mapping[str, Platform], report: Report) -> None:
    platform = next(iter(platforms.values()), None)
    if platform is None:
        return
    for message, help in _unused(platforms, platform):
        path = ("spec", "models")
        report.add("unused-lock", message, platform.document.span_of(path), path=path, help=help)


def _unused(platforms: Mapping[str, Platform], platform: Platform) -> Iterator[tuple[str, str]]:
    for environment, entries in platform.locked.items():
        if environment not in platforms:
            close = suggestion(environment, platforms)
            message = f"the lock has models of `{environment}`, which is no environment of the spec"
            yield message, "".join(close) or "remove them from `platform.lock`"
            continue
        for name in sorted(entries.keys() - platforms[environment].registered.keys()):
            message = f"the lock has a version of `{name}` for `{environment}`"
            message += ", and no model of the registry has this name there"
            yield message, f"type `platformc models lock {environment}`, or remove it from the lock"
