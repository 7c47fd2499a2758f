"""`platformc explain`: a diagnostic by its code, or a part of the language by its path."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

import click

from compiler.commands import complete
from compiler.commands.output import fail
from compiler.commands.verb import Verb


@click.command(cls=Verb)
@click.argument("topic", required=False, shell_complete=complete.explained)
def command(topic: str | None) -> None:
    """Explain a diagnostic, a component or a field; without an argument, list all diagnostics.

    \b
    platformc explain unbound-requirement     why this is wrong, and what is right
    platformc explain components              the component types
    platformc explain mlflow                  a component: its protocols and fields
    platformc explain mlflow.artifacts        a field: its type, default and an example
    platformc explain workloads.uses
    """
    from compiler.diagnostics.codes import CODES

    if topic is None:
        width = max(map(len, CODES))
        for name, entry in sorted(CODES.items()):
            click.echo(f"{name:<{width}}  {entry.severity:<7}  {entry.title}")
        return
    if topic in CODES:
        from compiler.diagnostics.pages import page

        click.echo(page(topic), nl=False)
        return
    click.echo(_of_language(topic), nl=False)


def _of_language(path: str) -> str:
    """The reference's text about a path. Ends the command if there is none."""
    from compiler.reference import field_of, paths, topic_of, topics
    from compiler.reference import text as terminal

    if path.removeprefix("spec.") == "components":
        types = [
            topic for topic in topics().values() if topic.section.startswith("spec.components")
        ]
        return terminal.components(types)
    if path.removeprefix("spec.") == "environments":
        return terminal.ENVIRONMENTS
    if topic := topic_of(path):
        return terminal.topic(topic)
    field = field_of(path) or _unknown(path, paths())
    return terminal.field(field)


def _unknown(path: str, topics: Iterable[str]) -> NoReturn:
    from compiler.diagnostics.codes import CODES
    from compiler.diagnostics.words import closest

    close = closest(path, [*CODES, *topics])
    way_out = f"did you mean `{close}`?" if close else "`platformc explain` lists the diagnostics"
    fail(f"no diagnostic and no part of the language is called `{path}`; {way_out}")
