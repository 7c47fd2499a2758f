"""Define a verb of the command line: a click command with the options that every verb has."""

from __future__ import annotations

from typing import Any

import click

from compiler.commands import terminal


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
            spec = next((word for word in typed if word.endswith((".yaml", ".yml"))), None)
            if not spec or "unexpected extra argument" not in error.message:
                raise
            advice = f"a spec is named by `-f`: `{ctx.command_path} -f {spec}`"
            raise click.UsageError(f"{error.message}; {advice}", ctx) from error


class Group(click.Group):
    """A command with subcommands, such as `secrets`."""

    command_class = Verb
