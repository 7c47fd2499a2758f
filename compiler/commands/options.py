"""Define the options and arguments that several commands have."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from compiler.commands.choice import Choice
from compiler.commands.complete import environments
from compiler.commands.output import fail
from compiler.commands.spec_file import NAME, STDIN, nearest

if TYPE_CHECKING:
    from compiler.delivery.steps import SpecLocation


def _one_spec(context: click.Context, _: click.Parameter, files: tuple[Path, ...]) -> Path:
    """The named spec, else the nearest one. Several specs are an error, because each spec is a platform."""
    if len(files) > 1:
        commands = " && ".join(f"{context.command_path} -f {quote(str(file))}" for file in files)
        context.fail(f"one spec at a time: `-f` is given {len(files)} times; type `{commands}`")
    return files[0] if files else nearest()


def location_of(file: Path) -> SpecLocation:
    """The spec of a plan. Ends the command if the plan's commands could not read the spec again."""
    if file == STDIN:
        fail(
            "the commands of a plan read the spec again, and the standard input is then the plan: "
            "name a file by `-f`"
        )
    from compiler.delivery.steps import SpecLocation

    return SpecLocation(file)


FORMATS = ("text", "json", "sarif", "github", "junit")

spec_option = click.option(
    "-f",
    "--file",
    "file",
    type=click.Path(path_type=Path),
    multiple=True,
    callback=_one_spec,
    help=f"The spec; `-` is standard input.  [default: {NAME}, here or in a folder above]",
)
list_format_option = click.option(
    "--format",
    "form",
    type=Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="The format of the list.",
)
environment_argument = click.argument(
    "environment", metavar="[ENV]", required=False, shell_complete=environments
)
output_option = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="The folder to write into.  [default: the spec's]",
)
format_option = click.option(
    "--format",
    "form",
    type=Choice(FORMATS),
    default="text",
    show_default=True,
    help="The format of diagnostics; all but text go to standard output.",
)
