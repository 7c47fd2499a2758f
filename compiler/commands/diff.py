"""`platformc diff A B`: what a change to the spec does to what runs, without a cluster."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import click

from compiler.commands import complete
from compiler.commands.choice import Choice
from compiler.commands.compiling import environment_of
from compiler.commands.options import spec_option
from compiler.commands.revisions import compile_source, of_file, source
from compiler.commands.terminal import coloured
from compiler.commands.verb import Verb
from compiler.diagnostics.text import Style
from compiler.diff import Change
from compiler.diff.compare import compare

DETAILED = "--detailed-exitcode"
# Terraform's habit, which pipelines know. Elsewhere 2 is wrong usage, which here ends with 1 too.
CHANGED, FAILED = 2, 1


class _Diff(Verb):
    """Wrong usage must not look like a change to whoever asks for the detailed status."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        detailed = DETAILED in args
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            if not detailed:
                raise
            raise _Failed(error.format_message(), error.ctx) from error


class _Failed(click.UsageError):
    exit_code = FAILED


@click.command(cls=_Diff)
@click.argument("before", metavar="[A]", default="HEAD")
@click.argument("after", metavar="[B]", required=False)
@spec_option
@click.option(
    "--env",
    "environment",
    metavar="ENV",
    help="Only this environment.",
    shell_complete=complete.environments,
)
@click.option(
    "--format",
    "form",
    type=Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="How the changes are written.",
)
@click.option(
    DETAILED,
    is_flag=True,
    help=f"End with {CHANGED} where anything changes, 0 where nothing does, {FAILED} on any error.",
)
def command(
    before: str, after: str | None, file: Path, environment: str | None, form: str,
    detailed_exitcode: bool,
) -> None:  # fmt: skip
    """Say what differs between two specs, why, and how dangerous it is.

    A and B are git revisions (`git:REV` where it must be one), which git is asked for, or paths of
    directories and specs (`./before`, `before.yaml`). Both are compiled by this compiler. The status
    is 3 where a revision has no spec.

    \b
    platformc diff                     the last commit against the working tree
    platformc diff main --env prod
    platformc diff v1.2 v1.3 --format markdown
    platformc diff git:HEAD~1 ./platform.yaml
    """
    try:
        changes = _changes(before, after, file, environment)
    except SystemExit as ended:
        sys.exit(FAILED if detailed_exitcode else ended.code)
    _print(changes, form)
    if detailed_exitcode and changes:
        sys.exit(CHANGED)


def _print(changes: tuple[Change, ...], form: str) -> None:
    renderer = import_module(f"compiler.diff.{form}")
    if form != "text":
        click.echo(renderer.render(changes), nl=False)
        return

    style = Style(coloured(sys.stdout))
    click.echo(renderer.render(changes, style), nl=False, color=style.colour)


def _changes(
    before: str, after: str | None, file: Path, environment: str | None
) -> tuple[Change, ...]:
    one = source(before, file)
    other = source(after, file) if after else of_file(file)

    old, new = compile_source(one), compile_source(other)
    if environment:
        known = new if environment in new.environments else old
        environment_of(known, environment)
    found = compare(old, new)
    return tuple(one for one in found if environment in (None, one.environment))
