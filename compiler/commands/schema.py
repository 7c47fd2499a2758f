"""`platformc schema`: the language as a JSON Schema, for editors."""

from __future__ import annotations

import click

from compiler.commands.verb import Verb
from compiler.validate.json_schema import schema_text


@click.command(cls=Verb)
def command() -> None:
    """Print the JSON Schema (draft-07) of platform.yaml.

    \b
    platformc schema > schemas/platform.schema.json
    """
    click.echo(schema_text(), nl=False)
