"""`platformc prerequisites ENV`: the systems that the cluster must have before the platform."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from compiler.commands.compiling import lowered_of
from compiler.commands.options import environment_argument, list_format_option, spec_option
from compiler.commands.verb import Verb
from compiler.model.prerequisite import Prerequisite
from compiler.upstream.install_commands import install_commands, namespace_commands, patch_commands
from compiler.upstream.prerequisites import (
    administration,
    needs_of_vendored,
    prerequisites,
    shared_needs,
)


@click.command(cls=Verb)
@environment_argument
@spec_option
@list_format_option
def command(environment: str | None, file: Path, form: str) -> None:
    """List the upstream systems that an environment needs, and how to install them.

    \b
    platformc prerequisites prod
    """
    lowered = lowered_of(file, environment)

    systems = prerequisites(lowered.graph)
    needed, shared = needs_of_vendored(lowered.graph), shared_needs(lowered.graph)
    folder = str(file.parent / "prerequisites" / str(lowered.platform.environment))
    outside = administration(lowered.graph)
    releases = lowered.platform.settings.registry.releases
    if form == "json":
        records = [_record(system, folder, releases) for system in (*shared, *systems)]
        records += map(_needed_record, needed)
        click.echo(json.dumps([*records, *map(_outside_record, outside)], indent=2))
        return
    for system in shared:
        _print(system, folder, releases, "unless the cluster has it")
    for system in systems:
        _print(system, folder, releases)
    for vendored in needed:
        for need in vendored.besides:
            click.echo(f"{vendored.name}: {need}, which the vendored release does not contain")
    for name, host, text in outside:
        click.echo(f"{name}: what the administrator of {host} makes")
        click.echo(text)
    if not (systems or needed or outside):
        click.echo("no upstream system is needed")


def _outside_record(service: tuple[str, str, str]) -> dict[str, Any]:
    name, host, text = service
    return {"name": name, "system": host, "administrator": text}


def _needed_record(vendored: Prerequisite) -> dict[str, Any]:
    """What a vendored system needs in the cluster, without a command: any installation of it will do."""
    return {
        "name": vendored.name, "system": vendored.system, "version": "", "also": list(vendored.besides), "namespaces": [],
        "first": [], "how": [], "then": [],
    }  # fmt: skip


def _record(prerequisite: Prerequisite, folder: str, releases: str | None) -> dict[str, Any]:
    return {
        "name": prerequisite.name,
        "system": prerequisite.system,
        "version": prerequisite.version,
        "also": list(prerequisite.besides),
        "namespaces": list(prerequisite.namespaces),
        "first": list(namespace_commands(prerequisite, folder)),
        "how": list(install_commands(prerequisite, releases)),
        "then": list(patch_commands(prerequisite, folder)),
    }


def _print(
    prerequisite: Prerequisite, folder: str, releases: str | None, condition: str = ""
) -> None:
    record = _record(prerequisite, folder, releases)
    namespaces = ", ".join(prerequisite.namespaces)
    parts = (prerequisite.system, prerequisite.version, f"in {namespaces}", condition)
    click.echo(f"{prerequisite.name}: {', '.join(filter(None, parts))}")
    for need in prerequisite.also:
        click.echo(f"{prerequisite.name}: {need}")
    for command in (*record["first"], *record["how"], *record["then"]):
        click.echo(f"  {command}")
    for need in prerequisite.later:
        click.echo(f"{prerequisite.name}: {need}")
