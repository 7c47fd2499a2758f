"""`platformc help VERB`: the same as `platformc VERB --help`."""

from __future__ import annotations

import click

from compiler.commands.complete import verbs
from compiler.commands.verb import Verb


@click.command(cls=Verb)
@click.argument("words", nargs=-1, metavar="[VERB]...", shell_complete=verbs)
@click.pass_context
def command(context: click.Context, words: tuple[str, ...]) -> None:
    """Explain a verb; without an argument, list all verbs.

    \b
    platformc help compile
    platformc help secrets rotate
    """
    context = context.find_root()
    for word in words:
        group = context.command
        if not isinstance(group, click.Group):
            context.fail(f"`{context.command_path}` has no verbs below it")
        _, verb, _ = group.resolve_command(context, [word])
        assert verb is not None  # resolve_command fails for an unknown verb
        context = click.Context(verb, info_name=word, parent=context)
    click.echo(context.get_help())
