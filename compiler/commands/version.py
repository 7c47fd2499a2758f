"""`platformc version`."""

import click

from compiler import KUBERNETES_SCHEMAS, __version__
from compiler.commands.verb import Verb


@click.command(cls=Verb)
def command() -> None:
    """Print the compiler's version and the Kubernetes schemas that it checks against."""
    click.echo(f"platformc {__version__} ({KUBERNETES_SCHEMAS})")
