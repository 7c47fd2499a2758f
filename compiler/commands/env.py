"""`platformc env NAME`: the variables of a workload or model, as its pod sees them or for a laptop."""

from __future__ import annotations

from pathlib import Path

import click

from compiler.commands import complete
from compiler.commands.compiling import compiled, environment_of, tenant_of
from compiler.commands.options import environment_argument, spec_option
from compiler.commands.output import note
from compiler.commands.verb import Verb
from compiler.delivery.client_kit import has_files, in_pod, on_laptop


@click.command(cls=Verb)
@click.argument("name", shell_complete=complete.clients)
@environment_argument
@spec_option
@click.option("--laptop", is_flag=True, help="For a program outside the cluster.")
def command(name: str, environment: str | None, file: Path, laptop: bool) -> None:
    """Print the variables that a workload or a model gets from its `uses` and its `env`.

    \b
    platformc env training dev            as its pod sees them
    platformc env training dev --laptop   the lines of an `.env`, with port-forwards
    """
    result = compiled(file)
    chosen = environment_of(result, environment)
    graph = result.graphs[chosen]
    instance, wiring = tenant_of(graph, name), graph.wiring(name)
    printed = [*(on_laptop if laptop else in_pod)(instance, wiring)]
    for line in printed:
        click.echo(line)
    if not printed:
        note(f"`{name}` gets no variables: it uses no other instance, and has no `env`")
    if laptop and has_files(instance, wiring):
        kit = f"platformc client-kit {chosen} {name}"
        click.echo(f"# `{kit}` writes these lines to a file, with the folder `files` next to it.")
