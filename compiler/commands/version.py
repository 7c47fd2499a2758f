"""`platformc version`."""

import click

from compiler import KUBERNETES_SCHEMAS, __version__


@click.command
def command() -> None:
    """Print the compiler's version and the Kubernetes schemas that it checks against."""
    click.echo(f"platformc {__version__} ({KUBERNETES_SCHEMAS})")
