"""`platformc completion SHELL`: the script that completes verbs, options and names."""

from __future__ import annotations

import click

from compiler.commands.choice import Choice
from compiler.commands.verb import Verb


@click.command(cls=Verb)
@click.argument("shell", type=Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the script with which a shell completes verbs, options, environments and names.

    \b
    eval "$(platformc completion bash)"                                      in ~/.bashrc
    eval "$(platformc completion zsh)"                                       in ~/.zshrc
    platformc completion fish > ~/.config/fish/completions/platformc.fish
    """
    from click.shell_completion import ShellComplete, get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    root = context.find_root().command
    script = kind(root, {}, "platformc", "_PLATFORMC_COMPLETE")
    # Past BashComplete.source, which starts a bash to ask for its version.
    click.echo(ShellComplete.source(script))
