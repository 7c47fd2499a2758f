"""`platformc version`."""

import click

from compiler import __version__


@click.command
def command() -> None:
    """Print the compiler's version and the Kubernetes schemas that it checks against."""
    from compiler.pinned import KUBERNETES

    click.echo(f"platformc {__version__} ({KUBERNETES})")
