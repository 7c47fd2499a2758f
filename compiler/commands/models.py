"""`platformc models lock`: find the versions of models that the spec names by alias."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from compiler import pipeline
from compiler.commands.compiling import environment_of, lock_of, read_spec
from compiler.commands.options import environment_argument, spec_option
from compiler.commands.output import fail, note, show
from compiler.commands.progress import progress
from compiler.commands.verb import Group
from compiler.delivery.model_versions import versions
from compiler.diagnostics import Report
from compiler.pipeline import Compilation
from compiler.spec.locked_model import LockedModel
from compiler.upstream import lock as lock_file
from compiler.upstream.lock import Lock
from compiler.upstream.model_registry import Registry

UNLOCKED = "unlocked-model"
SERVER, TOKEN = "MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN"  # as MLflow's own client reads them


@click.group(cls=Group)
def command() -> None:
    """Find the versions of models that the spec names by alias."""


@command.command("lock", short_help="Write the versions into platform.lock.")
@environment_argument
@spec_option
@click.option(
    "--server",
    "addresses",
    multiple=True,
    metavar="URL",
    help=f"The registry's address, or `NAME=URL` for each of several.  [default: ${SERVER}]",
)
@click.option("--check", is_flag=True, help="Write nothing; fail if an alias has moved.")
def lock(
    environment: str | None, file: Path, addresses: tuple[str, ...], check: bool
) -> None:  # fmt: skip
    """Ask MLflow which version each alias has, and write it into platform.lock.

    `platformc compile` contacts no server: it reads the lock. Commit the lock with the spec. If MLflow asks
    for a token, put it into MLFLOW_TRACKING_TOKEN.

    \b
    kubectl port-forward -n mlops service/NAME 5000:5000 &
    platformc models lock prod --server http://localhost:5000
    platformc models lock prod --check --server http://localhost:5000
    """
    data = read_spec(file)
    locked = lock_of(file, data)
    result = _bindings(data, file, locked)
    name = environment_of(result, environment)
    platform = result.platforms[name]
    if not platform.registered:
        fail(f"no model of `{name}` comes from a registry: none has `model:` and `alias:`")
    report = Report()
    entries: dict[str, LockedModel] = {}
    with progress() as step, report.closing():
        step("asking the registry")
        entries = versions(platform, result.graphs[name], _servers(addresses), report.within(name))
    _end_if_failed(report, data, file)
    if check:
        _check(locked.models.get(name, {}), entries, name)
        return
    new = locked._replace(models={**locked.models, name: entries})
    _end_if_failed(
        _without_unlocked(pipeline.checked_text(data, str(file), new).report), data, file
    )
    lock_file.write(file, new)
    for model, entry in entries.items():
        note(f"{model}: version {entry.version} of {entry.model}@{entry.alias}, {entry.uri}")
    note(f"{lock_file.path_of(file)}: {len(entries)} models of {name}")


def _bindings(data: bytes, file: Path, locked: Lock) -> Compilation:
    """The bindings of a spec with models that may not be locked yet. Ends the command on other errors."""
    result = pipeline.resolved_text(data, str(file), locked)
    _end_if_failed(_without_unlocked(result.report), data, file)
    return result


def _without_unlocked(report: Report) -> Report:
    return Report([finding for finding in report.errors if finding.code != UNLOCKED])


def _end_if_failed(report: Report, data: bytes, file: Path) -> None:
    show(report, data, str(file), "text")
    if report.failed:
        sys.exit(1)


def _servers(addresses: tuple[str, ...]) -> dict[str | None, Registry]:
    """The servers by name; the key None is a server without a name."""
    arguments = addresses or tuple(filter(None, [os.environ.get(SERVER)]))
    if not arguments:
        fail(f"name the registry's address: `--server http://localhost:5000`, or set {SERVER}")
    servers: dict[str | None, Registry] = {}
    for address in arguments:
        name, equals, url = address.partition("=")
        named = bool(equals) and "/" not in name
        server = Registry(url if named else address, os.environ.get(TOKEN))
        if problem := server.problem():
            fail(problem)
        servers[name if named else None] = server
    return servers


def _check(
    locked: Mapping[str, LockedModel], current: Mapping[str, LockedModel], environment: str
) -> None:
    """Print the aliases that have moved; fail if there are any."""
    moved = [
        f"{name}: {entry.model}@{entry.alias} has moved to version {entry.version}, "
        f"the lock has {locked[name].version if name in locked else 'none'}"
        for name, entry in current.items()
        if name not in locked or _version_of(locked[name]) != _version_of(entry)
    ]
    for line in moved:
        note(line)
    if moved:
        fail(f"type `platformc models lock {environment}` to follow", 1)
    note(f"no alias has moved: {len(current)} models of {environment}")


def _version_of(entry: LockedModel) -> tuple[str, ...]:
    return entry.model, entry.alias, entry.version, entry.uri
