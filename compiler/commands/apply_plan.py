"""`platformc apply-plan ENV`: how to deliver an environment with kubectl."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from compiler.commands.shared import compiled, environment_of, spec_option


@click.command
@click.argument("environment", metavar="ENV")
@spec_option
def command(environment: str, file: Path) -> None:
    """Print the exact commands that deliver an environment, in order, with waits.

    \b
    platformc apply-plan dev           to read
    platformc apply-plan dev | sh -e   to run
    """
    result = compiled(file)
    from compiler.delivery import plan

    lowered = result.lowered[environment_of(result, environment)]
    rendered = lowered.platform.settings.rendered
    out = str(file.parent / "out" / environment) if rendered else None
    options = "" if file == Path("platform.yaml") else f" -f {shlex.quote(str(file))}"
    for step in plan(lowered, out=out, options=options):
        click.echo(f"# {step.title}")
        for line in step.commands:
            click.echo(line)
