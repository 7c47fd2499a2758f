"""`platformc prerequisites ENV`: what must be in the cluster before the platform."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from compiler.commands.choice import Choice
from compiler.commands.compiling import lowered_of
from compiler.commands.options import environment_argument, spec_option
from compiler.commands.verb import Verb
from compiler.model.prerequisite import Prerequisite
from compiler.upstream.prerequisites import (
    install_commands,
    namespace_commands,
    patch_commands,
    prerequisites,
)


@click.command(cls=Verb)
@environment_argument
@spec_option
@click.option(
    "--format",
    "form",
    type=Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How they are listed.",
)
def command(environment: str | None, file: Path, form: str) -> None:
    """List the upstream systems that an environment expects, and how to install them.

    \b
    platformc prerequisites prod
    """
    lowered = lowered_of(file, environment)

    found = prerequisites(lowered.graph)
    folder = str(file.parent / "prerequisites" / str(lowered.platform.environment))
    if form == "json":
        click.echo(json.dumps([_record(one, folder) for one in found], indent=2))
        return
    for one in found:
        _print(one, folder)
    if not found:
        click.echo("nothing but a cluster")


def _record(one: Prerequisite, folder: str) -> dict[str, Any]:
    return {
        "name": one.name,
        "system": one.system,
        "version": one.version,
        "namespaces": list(one.namespaces),
        "first": list(namespace_commands(one, folder)),
        "how": list(install_commands(one)),
        "then": list(patch_commands(one, folder)),
    }


def _print(one: Prerequisite, folder: str) -> None:
    record = _record(one, folder)
    click.echo(f"{one.name}: {one.system}, {one.version}, in {', '.join(one.namespaces)}")
    for command in (*record["first"], *record["how"], *record["then"]):
        click.echo(f"  {command}")
