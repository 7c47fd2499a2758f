"""Define the options of every command (`--quiet`, `--verbose`, `--color`), and obey them in the output."""

from __future__ import annotations

import os
from typing import Any

import click

from compiler.commands.choice import Choice

_QUIET, _VERBOSE, _COLOR = "platformc.quiet", "platformc.verbose", "platformc.color"


def options() -> list[click.Parameter]:
    """The options; a command accepts them before and after its name."""
    return [
        click.Option(
            ["-q", "--quiet"], is_flag=True, expose_value=False, callback=_keep(_QUIET),
            help="Print errors and results, nothing else.",
        ),
        click.Option(
            ["-v", "--verbose"], is_flag=True, expose_value=False, callback=_keep(_VERBOSE),
            help="Print each stage as it begins.",
        ),
        click.Option(
            ["--color"], type=Choice(["auto", "always", "never"]), expose_value=False,
            callback=_keep(_COLOR), help="When to use colours.  [default: auto, on a terminal]",
        ),
    ]  # fmt: skip


def _keep(key: str) -> Any:
    """A callback that stores an option's value for all functions of the command."""

    def keep(context: click.Context, parameter: click.Parameter, value: object) -> None:
        if value:
            context.meta[key] = value

    return keep


def _option(key: str) -> Any:
    context = click.get_current_context(silent=True)
    return context.meta.get(key) if context else None


def quiet() -> bool:
    """Whether only errors and results are printed."""
    return bool(_option(_QUIET))


def verbose() -> bool:
    """Whether the start of each stage is printed."""
    return bool(_option(_VERBOSE))


def coloured(stream: Any) -> bool:
    """Whether a stream gets colours: by the option, by NO_COLOR and FORCE_COLOR, or on a terminal."""
    choice = _option(_COLOR) or "auto"
    if choice != "auto":
        return bool(choice == "always")
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or bool(stream.isatty())
