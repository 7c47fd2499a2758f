"""`platformc explain`: why a diagnostic is one, what is wrong and what is right."""

from __future__ import annotations

import click

from compiler.commands import complete
from compiler.commands.output import fail
from compiler.commands.verb import Verb
from compiler.diagnostics import near
from compiler.diagnostics.codes import CODES
from compiler.diagnostics.pages import page


@click.command(cls=Verb)
@click.argument("code", required=False, shell_complete=complete.codes)
def command(code: str | None) -> None:
    """Explain a diagnostic by its code; without one, list them all.

    \b
    platformc explain
    platformc explain unbound-requirement
    """
    if code is None:
        width = max(map(len, CODES))
        for name, known in sorted(CODES.items()):
            click.echo(f"{name:<{width}}  {known.severity:<7}  {known.title}")
        return
    if code not in CODES:
        close = near(code, CODES)
        hint = f"did you mean `{close}`?" if close else "`platformc explain` lists them"
        fail(f"no diagnostic has the code `{code}`; {hint}")

    click.echo(page(code), nl=False)
