"""How messages and diagnostics reach the user."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

import click

from compiler.commands.terminal import coloured, quiet
from compiler.text import log_line

if TYPE_CHECKING:
    from compiler.diagnostics import Report


def fail(message: str, status: int = 2) -> NoReturn:
    """End with a sentence on stderr."""
    click.echo(f"platformc: {log_line(message)}", err=True)
    sys.exit(status)


def note(text: str) -> None:
    """A line for people, on stderr; none where they asked for quiet."""
    if not quiet():
        click.echo("\n".join(map(log_line, text.split("\n"))), err=True)


def show(report: Report, data: bytes, file: str, form: str) -> None:
    """Write the diagnostics: for people on stderr, for programs on stdout, there always."""
    if form != "text":
        renderer = import_module(f"compiler.diagnostics.{form}")  # one module for each format
        click.echo(renderer.render(report.sorted(), {file: _source(data)}), nl=False)
    elif report.diagnostics:
        colour = coloured(sys.stderr)
        text = as_text(report, data, file, colour=colour, only_errors=quiet())
        click.echo(text, err=True, nl=False, color=colour)


def as_text(
    report: Report, data: bytes, file: str, *, colour: bool = False, only_errors: bool = False
) -> str:
    """The diagnostics as text; none for none."""
    from compiler.diagnostics import errors  # not on the way of a compile that changes nothing
    from compiler.diagnostics.text import Style, render

    diagnostics = report.sorted()
    if only_errors:
        diagnostics = list(errors(diagnostics))
    return render(diagnostics, {file: _source(data)}, Style(colour))


def _source(data: bytes) -> str:
    """The spec's text, as its places count."""
    return data.decode("utf-8-sig", "replace").replace("\r\n", "\n")
