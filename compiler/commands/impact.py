"""`platformc impact NAME`: the instances that use an instance, directly and through others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compiler.commands import complete
from compiler.commands.compiling import bound, environment_of
from compiler.commands.options import environment_argument, list_format_option, spec_option
from compiler.commands.output import fail_unknown, note
from compiler.commands.table import WIDEST, aligned
from compiler.commands.verb import Verb

if TYPE_CHECKING:
    from compiler.diagrams.impact import Dependent


@click.command(cls=Verb)
@click.argument("name", shell_complete=complete.instances)
@environment_argument
@spec_option
@list_format_option
def command(name: str, environment: str | None, file: Path, form: str) -> None:
    """List the instances that use an instance, directly and through others.

    If the instance does not answer, the listed ones cannot do the work for which they use it.

    \b
    platformc impact postgres dev                 who needs the database server
    platformc impact minio prod --format json     for a program
    """
    result = bound(file)
    chosen = environment_of(result, environment)
    graph = result.graphs[chosen]
    if name not in graph.instances:
        fail_unknown("instance", name, graph.instances)
    from compiler.diagrams.impact import dependents

    listed = dependents(graph, name)
    if form == "json":
        click.echo(json.dumps({"dependents": [_record(item) for item in listed]}, indent=2))
        return
    if listed:
        _print(listed)
    direct = sum(not item.through for item in listed)
    note(f"{direct} use `{name}` directly in {chosen}, {len(listed) - direct} through others")


def _print(listed: Sequence[Dependent]) -> None:
    header = ("INSTANCE", "KIND", "USES", "THROUGH")
    rows = [
        (item.instance.name, item.kind, _uses(item), ", then ".join(item.through))
        for item in listed
    ]
    for line in aligned(header, rows, WIDEST):
        click.echo(line)


def _uses(item: Dependent) -> str:
    return "; ".join(edge.label for edge in item.uses)


def _record(item: Dependent) -> dict[str, object]:
    return {
        "name": item.instance.name,
        "section": item.instance.section,
        "type": item.kind,
        "namespace": item.instance.namespace,
        "uses": [
            {"provider": edge.provider, "protocol": edge.interface, "claims": list(edge.claimed)}
            for edge in item.uses
        ],
        "through": list(item.through),
    }
