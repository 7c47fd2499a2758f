"""`platformc diff A B`: what a change to the spec does to what runs, without a cluster."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import click

from compiler.commands.choice import Choice
from compiler.commands.revisions import compile_source, of_file, source
from compiler.commands.shared import spec_option

CHANGED = 3  # 1 and 2 mean that something is wrong


@click.command
@click.argument("before", metavar="[A]", default="HEAD")
@click.argument("after", metavar="[B]", required=False)
@spec_option
@click.option("--env", "environment", metavar="ENV", help="Only this environment.")
@click.option(
    "--format",
    "form",
    type=Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="How the changes are written.",
)
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help=f"End with {CHANGED} where anything changes, with 0 where nothing does.",
)
def command(
    before: str, after: str | None, file: Path, environment: str | None, form: str,
    detailed_exitcode: bool,
) -> None:  # fmt: skip
    """Say what differs between two specs, why, and how dangerous it is.

    A and B are git revisions, which git is asked for, directories or specs. Both are compiled by
    this compiler.

    \b
    platformc diff                     the last commit against the working tree
    platformc diff main --env prod
    platformc diff v1.2 v1.3 --format markdown
    """
    one = source(before, file)
    other = source(after, file) if after else of_file(file)
    from compiler.changes.compare import compare

    changes = compare(compile_source(one), compile_source(other))
    if environment:
        changes = tuple(change for change in changes if change.environment == environment)
    renderer = import_module(f"compiler.changes.{form}")
    click.echo(renderer.render(changes), nl=False)
    if detailed_exitcode and changes:
        sys.exit(CHANGED)
