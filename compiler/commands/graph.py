"""`platformc graph`: the bindings as a picture."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import click

from compiler.commands import complete
from compiler.commands.choice import Choice
from compiler.commands.compiling import bound, environment_of
from compiler.commands.options import spec_option
from compiler.commands.verb import Verb


@click.command(cls=Verb)
@spec_option
@click.option(
    "--env",
    "environment",
    metavar="ENV",
    shell_complete=complete.environments,
    help="Of one environment; default: the base.",
)
@click.option(
    "--as",
    "form",
    type=Choice(["mermaid", "dot", "svg"]),
    default="mermaid",
    show_default=True,
    help="The form.",
)
def command(file: Path, environment: str | None, form: str) -> None:
    """Print who is bound to whom, by which protocol, for what.

    \b
    platformc graph                        for a README
    platformc graph --as svg > graph.svg   for a browser
    """
    result = bound(file)
    name = environment_of(result, environment) if environment else None
    renderer = import_module(f"compiler.diagrams.{form}")
    click.echo(getattr(renderer, form)(result.graphs[name]), nl=False)
