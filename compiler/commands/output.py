"""Print messages and diagnostics."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

import click

from compiler.commands.terminal import coloured, quiet
from compiler.text import log_line

if TYPE_CHECKING:
    from compiler.delivery.steps import Step
    from compiler.diagnostics import Report

_MOST_NAMES = 20  # in a message


def fail(message: str, status: int = 2) -> NoReturn:
    """End the command with a message on stderr."""
    from compiler.diagnostics.masking import masked  # not needed by a compile that changes nothing

    click.echo(f"platformc: {log_line(masked(message))}", err=True)
    sys.exit(status)


def fail_unknown(kind: str, name: str, names: Collection[str], otherwise: str = "") -> NoReturn:
    """End the command: nothing of a kind has this name. The hint is the closest name, or `otherwise`, or the names."""
    from compiler.diagnostics.words import closest  # not needed by a compile that changes nothing

    close = closest(name, names)
    hint = f"did you mean `{close}`?" if close else otherwise or _existing(names)
    fail(f"no {kind} `{name}`; {hint}")


def _existing(names: Collection[str]) -> str:
    """The names that exist; a platform may have thousands of models."""
    from compiler.diagnostics.words import listing

    rest = len(names) - _MOST_NAMES
    more = f" and {rest} more" if rest > 0 else ""
    return f"there are {listing(sorted(names)[:_MOST_NAMES])}{more}" if names else "there are none"


def print_steps(steps: Iterable[Step]) -> None:
    """Print the steps of a plan: each title as a comment, with its commands below."""
    for step in steps:
        click.echo(f"# {step.title}")
        for line in step.commands:
            click.echo(line)


def note(text: str) -> None:
    """Print a line for people on stderr, unless `--quiet` is set."""
    if not quiet():
        click.echo("\n".join(map(log_line, text.split("\n"))), err=True)


def show_errors(report: Report, data: bytes, file: str) -> None:
    """Print the errors for people on stderr, without warnings and notes."""
    colour = coloured(sys.stderr)
    text = as_text(report, data, file, colour=colour, only_errors=True)
    click.echo(text, err=True, nl=False, color=colour)


def show(report: Report, data: bytes, file: str, form: str) -> None:
    """Print the diagnostics: for people on stderr, if there are any; for programs on stdout, always."""
    if form != "text":
        renderer = import_module(f"compiler.diagnostics.{form}")  # one module for each format
        click.echo(renderer.render(report.capped(), {file: _source(data)}, _own_words), nl=False)
    elif report.diagnostics:
        colour = coloured(sys.stderr)
        text = as_text(report, data, file, colour=colour, only_errors=quiet())
        click.echo(text, err=True, nl=False, color=colour)


def as_text(
    report: Report, data: bytes, file: str, *, colour: bool = False, only_errors: bool = False
) -> str:
    """The diagnostics as text; empty if there are none."""
    from compiler.diagnostics import errors  # not needed by a compile that changes nothing
    from compiler.diagnostics.text import Style, render

    diagnostics = report.capped()
    if only_errors:
        diagnostics = list(errors(diagnostics))
    return render(diagnostics, {file: _source(data)}, _own_words, Style(colour))


def _own_words() -> Collection[str]:
    """The words of the language and of the command line, which reveal nothing about a spec's values."""
    from compiler.commands.verbs import VERBS
    from compiler.validate.language import language_words

    return language_words() | VERBS.keys()


def _source(data: bytes) -> str:
    """The spec's text, whose lines are counted as positions are (`compiler/document/lines.py`)."""
    return data.decode("utf-8-sig", "replace")
