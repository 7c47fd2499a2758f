"""`platformc adopt ENV`: the sections that take over the servers that run in the cluster."""

from __future__ import annotations

from pathlib import Path

import click

from compiler.commands.compiling import lowered_of
from compiler.commands.kubectl import asking
from compiler.commands.options import environment_argument, spec_option
from compiler.commands.output import fail
from compiler.commands.verb import Verb
from compiler.delivery.adopted import CLOSED
from compiler.delivery.adoption import NoAnswerError, adoptions, live_objects, strangers, text
from compiler.delivery.answers import WrongAnswerError
from compiler.text import log_line, printable


@click.command(cls=Verb)
@environment_argument
@spec_option
@click.option(
    "--context", metavar="NAME", help="The context of kubectl.  [default: the current one]"
)
@click.option(
    "--namespace", "-n", "namespaces", metavar="NAME", multiple=True,
    help="The namespace to search, in place of those of the environment.",
)  # fmt: skip
def command(
    environment: str | None, file: Path, context: str | None, namespaces: tuple[str, ...]
) -> None:
    """Print the `adopt` sections for servers that run in the cluster already. Changes nothing.

    It asks kubectl for Deployments, StatefulSets, Services and volume claims, and reads no Secret. Comments in
    the output name the values that these objects do not contain.

    \b
    platformc adopt prod --context prod -n mlflow
    """
    lowered = lowered_of(file, environment)
    spaces = namespaces or tuple(
        sorted({instance.namespace for instance in lowered.graph.instances.values()})
    )
    try:
        objects = live_objects(asking(context), spaces)
        sections, unknown_workloads = [*adoptions(lowered, objects)], strangers(objects)
    except (NoAnswerError, WrongAnswerError) as error:
        fail(log_line(str(error)))
    if not sections:
        fail(f"nothing runs in {', '.join(spaces)} that the platform could take over")
    click.echo("spec:\n  components:")
    for section in sections:
        click.echo(text(section), nl=False)
    if unknown_workloads:
        click.echo(f"# No part of the platform: {printable(', '.join(unknown_workloads))}.")
        click.echo(f"# A namespace of the platform {CLOSED}.")
