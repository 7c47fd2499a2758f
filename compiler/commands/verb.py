"""Define a verb of the command line: a click command with the options that every verb has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import click

from compiler.commands import terminal

_EXTRA = re.compile(r"unexpected extra arguments? \(([^\s)]+)")  # click's message


class Verb(click.Command):
    """A command with the common options, and with the option that names the spec."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.params += terminal.options()

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        typed = tuple(args)  # click takes words out of the list
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            extra = _EXTRA.search(error.message)
            advice = self._advice(typed, extra[1]) if extra else None
            if advice is None:
                raise
            kind, option, word = advice
            text = f"{kind} is named by `{option}`: `{ctx.command_path} {option} {word}`"
            raise click.UsageError(f"{error.message}; {text}", ctx) from error

    def _advice(self, typed: Sequence[str], extra: str) -> tuple[str, str, str] | None:
        """The meaning of a word that the verb takes only behind an option, the option, and the word."""
        words_before = dict(zip(typed[1:], typed, strict=False))
        specs = [word for word in typed if word.endswith((".yaml", ".yml"))]
        for spec in specs:
            if words_before.get(spec) not in ("-f", "--file"):
                return "a spec", "-f", spec
        if any("--env" in parameter.opts for parameter in self.params):
            return "an environment", "--env", extra
        return None


class Group(click.Group):
    """A command with subcommands, such as `secrets`."""

    command_class = Verb
