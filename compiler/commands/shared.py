"""What several verbs share: the spec's options, and how diagnostics reach the user."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from compiler.commands.choice import Choice
from compiler.commands.complete import environments
from compiler.commands.spec_file import NAME, UnreadableError, nearest, read
from compiler.commands.terminal import coloured, quiet

if TYPE_CHECKING:
    from compiler.ahead import Parse
    from compiler.model.package import Lowered
    from compiler.pipeline import Compilation


def _one_spec(context: click.Context, _: click.Parameter, files: tuple[Path, ...]) -> Path:
    """The spec that is named, else the nearest; several are refused, for they would be platforms."""
    if len(files) > 1:
        commands = " && ".join(f"{context.command_path} -f {file}" for file in files)
        context.fail(f"one spec at a time: `-f` is given {len(files)} times; type `{commands}`")
    return files[0] if files else nearest()


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
environment_argument = click.argument(
    "environment", metavar="[ENV]", required=False, shell_complete=environments
)
output_option = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Where base/, overlays/ and out/ are.  [default: beside the spec]",
)
format_option = click.option(
    "--format",
    "form",
    type=Choice(FORMATS),
    default="text",
    show_default=True,
    help="How diagnostics are written; any but text goes to stdout.",
)


def fail(message: str, status: int = 2) -> NoReturn:
    """End with a sentence on stderr."""
    click.echo(f"platformc: {message}", err=True)
    sys.exit(status)


def read_spec(file: Path) -> bytes:
    """The spec's bytes; ends the command where it can't be read."""
    try:
        return read(file)
    except UnreadableError as error:
        fail(str(error))


def compiled(
    file: Path, form: str = "text", *, begun: tuple[bytes, Parse] | None = None,
    examined: bool = True, only: Collection[str | None] | None = None,
) -> Compilation:  # fmt: skip
    """The compiled spec; where it has errors, prints them and ends the command.

    Warnings are for the verbs that compile and validate, which `show` them. `begun` are the spec's bytes and what
    parses them already. `examined` and `only` as in `pipeline`.
    """
    from compiler.ahead import parsing
    from compiler.parallel import beside

    data, parsed = begun or (data := read_spec(file), parsing(data, str(file)))
    from compiler import pipeline
    from compiler.commands.progress import progress

    with progress() as step:
        result = pipeline.compile(data, str(file), step, pins(file), examined, only, parsed, beside)
    if result.report.failed:
        show(result, data, str(file), form)
        sys.exit(1)
    return result


def pins(file: Path) -> Mapping[str, str]:
    """The digests of images in the lock beside a spec; ends the command where it is broken."""
    from compiler.upstream import lock

    try:
        return lock.read(file).images
    except (lock.BrokenLockError, OSError) as error:
        fail(str(error))


def show(result: Compilation, data: bytes, file: str, form: str) -> None:
    """Write the diagnostics: for people on stderr, for programs on stdout, there always."""
    diagnostics = result.report.sorted()
    if form != "text":
        renderer = import_module(f"compiler.diagnostics.{form}")
        click.echo(renderer.render(diagnostics, {file: _source(data)}), nl=False)
        return
    if quiet():
        from compiler.diagnostics import errors

        diagnostics = list(errors(diagnostics))
    if diagnostics:
        from compiler.diagnostics.text import Style, render

        style = Style(coloured(sys.stderr))
        text = render(diagnostics, {file: _source(data)}, style)
        click.echo(text, err=True, nl=False, color=style.colour)


def said_of(result: Compilation, data: bytes, file: str) -> str:
    """The diagnostics as plain text; none for none."""
    found = result.report.sorted()
    if not found:
        return ""
    from compiler.diagnostics import text

    return text.render(found, {file: _source(data)})


def _source(data: bytes) -> str:
    """The spec's text, as its places count."""
    return data.decode("utf-8-sig", "replace").replace("\r\n", "\n")


def lowered_of(file: Path, environment: str | None) -> Lowered:
    """One environment of a spec, lowered: that of the name, or the only one there is."""
    result = compiled(file, only=(environment,) if environment else None)
    return result.lowered[environment_of(result, environment)]


def environment_of(result: Compilation, name: str | None) -> str:
    """The environment of a name, or the only one; ends the command where the spec has no such."""
    if name in result.environments:
        return name
    names = ", ".join(f"`{one}`" for one in result.environments)
    if name is None:
        if len(result.environments) == 1:
            return result.environments[0]
        fail(f"name an environment; there is {names}")
    from compiler.diagnostics import near

    close = near(name, result.environments)
    fail(
        f"no environment `{name}`; "
        + (f"did you mean `{close}`?" if close else f"there is {names}")
    )


def note(text: str) -> None:
    """A line for people, on stderr; none where they asked for quiet."""
    if not quiet():
        click.echo(text, err=True)
