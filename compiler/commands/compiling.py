"""Compile a spec for a command: print its errors, and end the command if it has any.

`compile` and `validate` print warnings as well, and do not use this module for it.
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from compiler import pipeline
from compiler.commands.output import fail, fail_unknown, show_errors
from compiler.commands.progress import progress
from compiler.commands.spec_file import UnreadableError, read
from compiler.load.builder import MAX_NODES
from compiler.model.graph import Graph
from compiler.model.instance import Instance
from compiler.model.package import Lowered
from compiler.pipeline import Compilation
from compiler.upstream import lock
from compiler.upstream.lock import Lock


def compiled(
    file: Path, *, only: Collection[str | None] | None = None, judged: bool = True,
    most_values: int = MAX_NODES,
) -> Compilation:  # fmt: skip
    """A spec compiled to objects that fit their schemas; `only` and `most_values` as in `pipeline.compile`.

    Without `judged`, the objects are checked neither by rules nor against their schemas.
    """
    data = read_spec(file)
    with progress() as step:
        if judged:
            pins = lock_of(file, data)
            result = pipeline.compile(data, str(file), pins, only, step, most_values)
        else:
            result = pipeline.checked_text(data, str(file), lock_of(file, data), step)
            result = pipeline.with_objects(result, only, step)
    return _accepted(result, data, file)


def bound(file: Path) -> Compilation:
    """A spec compiled up to its bindings."""
    data = read_spec(file)
    with progress() as step:
        result = pipeline.checked_text(data, str(file), lock_of(file, data), step)
    return _accepted(result, data, file)


def _accepted(result: Compilation, data: bytes, file: Path) -> Compilation:
    """Return a compilation without errors. Else prints its errors and ends the command."""
    if result.report.failed:
        show_errors(result.report, data, str(file))
        sys.exit(1)
    return result


def read_spec(file: Path) -> bytes:
    """The spec's bytes. Ends the command if it can't be read."""
    try:
        return read(file)
    except UnreadableError as error:
        fail(str(error))


def lock_of(file: Path, data: bytes) -> Lock:
    """The lock of a spec with this text. Ends the command if the lock is broken."""
    try:
        return lock.read(file, data)
    except (lock.BrokenLockError, OSError) as error:
        fail(str(error))


def lowered_of(file: Path, environment: str | None, *, judged: bool = True) -> Lowered:
    """One lowered environment of a spec: the named one, or the only one."""
    result = compiled(file, only=(environment,) if environment else None, judged=judged)
    return result.lowered[environment_of(result, environment)]


def environment_of(result: Compilation, name: str | None) -> str:
    """The name of the environment, or of the only one. Ends the command if it does not exist."""
    if name in result.environments:
        return name
    names = ", ".join(f"`{environment}`" for environment in result.environments)
    if name is None:
        if len(result.environments) == 1:
            return result.environments[0]
        fail(f"name an environment: {names}")
    return fail_unknown("environment", name, result.environments, f"the environments are {names}")


def tenant_of(graph: Graph, name: str) -> Instance[Any]:
    """The workload or model with a name. Ends the command if there is none."""
    names = [
        instance.name
        for instance in graph.instances.values()
        if instance.section in ("workloads", "models")
    ]
    return (
        graph.instances[name] if name in names else fail_unknown("workload or model", name, names)
    )
