"""`platformc graph`: the bindings as a picture."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compiler.commands import complete
from compiler.commands.choice import Choice
from compiler.commands.compiling import bound, environment_of
from compiler.commands.options import spec_option
from compiler.commands.output import fail_unknown, note
from compiler.commands.verb import Verb

if TYPE_CHECKING:
    from compiler.model.graph import Graph


_MOST_EDGES = 500  # the default of `maxEdges` (mermaid.js.org, "Mermaid Config Schema")


@click.command(cls=Verb)
@spec_option
@click.option(
    "--env",
    "environment",
    metavar="ENV",
    shell_complete=complete.environments,
    help="Draw this environment.  [default: the spec without overrides]",
)
@click.option(
    "--as",
    "form",
    type=Choice(["mermaid", "dot", "svg", "json"]),
    default="mermaid",
    show_default=True,
    help="The format of the drawing.",
)
@click.option(
    "--of",
    multiple=True,
    metavar="NAME",
    shell_complete=complete.instances,
    help="Draw only this instance, all that it uses, and its direct users.",
)
@click.option("--by", type=Choice(["namespace"]), help="Draw a frame around each namespace.")
def command(
    file: Path, environment: str | None, form: str, of: tuple[str, ...], by: str | None
) -> None:
    """Draw which instances use which, by which protocol, for which data.

    \b
    platformc graph                                   Mermaid, for a README
    platformc graph --as svg > graph.svg              for a browser
    platformc graph --of churn-training --as svg      what one workload reaches
    platformc graph --by namespace --as svg           a frame for each namespace
    """
    result = bound(file)
    name = environment_of(result, environment) if environment else None
    graph = result.graphs[name]
    for instance in of:
        _check(instance, graph)
    from compiler.diagrams.view import view

    renderer = import_module(f"compiler.diagrams.{form}")
    drawn = view(graph, of, grouped=bool(by))
    click.echo(getattr(renderer, form)(drawn), nl=False)
    if form == "mermaid" and len(drawn.edges) > _MOST_EDGES:
        note(
            f"it has {len(drawn.edges)} arrows, and Mermaid draws up to {_MOST_EDGES} unless its `maxEdges` "
            "is raised: `--of NAME` draws a part, and `--as svg` the whole"
        )


def _check(name: str, graph: Graph) -> None:
    """End the command where no instance has a name."""
    if name not in graph.instances:
        from compiler.diagnostics.words import listing

        fail_unknown(
            "instance", name, graph.instances, f"the instances are {listing(graph.instances)}"
        )
