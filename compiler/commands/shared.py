"""What several verbs share: the spec's options, and how diagnostics reach the user."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from compiler.commands.choice import Choice
from compiler.commands.spec_file import UnreadableError, read

if TYPE_CHECKING:
    from compiler.ahead import Parse
    from compiler.model.package import Lowered
    from compiler.pipeline import Compilation

FORMATS = ("text", "json", "sarif", "github", "junit")

spec_option = click.option(
    "-f",
    "--file",
    "file",
    type=click.Path(path_type=Path),
    default=Path("platform.yaml"),
    show_default=True,
    help="The spec.",
)
environment_argument = click.argument("environment", metavar="[ENV]", required=False)
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
    file: Path, form: str = "text", *, quiet: bool = False, begun: tuple[bytes, Parse] | None = None,
    examined: bool = True, only: Collection[str | None] | None = None,
) -> Compilation:  # fmt: skip
    """The compiled spec. Prints what is wrong with it; ends the command where that is an error.

    With `quiet`, what is no error waits for a later `show`. `begun` are the spec's bytes and what
    parses them already. `examined` and `only` as in `pipeline`.
    """
    from compiler.ahead import parsing
    from compiler.parallel import beside

    data, parsed = begun or (data := read_spec(file), parsing(data, str(file)))
    from compiler import pipeline
    from compiler.commands.progress import progress

    with progress() as step:
        result = pipeline.compile(data, str(file), step, pins(file), examined, only, parsed, beside)
    if result.report.failed or not quiet:
        show(result, data, str(file), form)
    if result.report.failed:
        sys.exit(1)
    return result


def pins(file: Path) -> Mapping[str, str]:
    """The digests of images in the lock beside a spec; ends the command where it is broken."""
    from compiler.upstream import lock

    try:
        return lock.read(file).images
    except (lock.BrokenLockError, OSError) as error:
        fail(str(error))


def show(
    result: Compilation, data: bytes, file: str, form: str, *, to_stdout: bool = False
) -> None:
    """Write the diagnostics: formats for programs always, text only where there are any."""
    found = result.report.sorted()
    if not found and form == "text":
        return
    renderer = import_module(f"compiler.diagnostics.{form}")
    extra: tuple[Any, ...] = ()
    stream = sys.stdout if to_stdout or form != "text" else sys.stderr
    if form == "text":
        extra = (renderer.Style(_coloured(stream)),)
    click.echo(renderer.render(found, {file: _source(data)}, *extra), file=stream, nl=False)


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


def _coloured(stream: Any) -> bool:
    import os

    return bool(stream.isatty()) and not os.environ.get("NO_COLOR")


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
    """A line for people, on stderr."""
    click.echo(text, err=True)
