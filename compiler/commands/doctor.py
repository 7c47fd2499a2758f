"""`platformc doctor ENV`: check whether the cluster is ready for the environment."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from compiler.commands.compiling import lowered_of
from compiler.commands.kubectl import asking
from compiler.commands.options import environment_argument, spec_option
from compiler.commands.verb import Verb
from compiler.delivery.doctor import check
from compiler.text import log_line


@click.command(cls=Verb)
@environment_argument
@spec_option
@click.option(
    "--context", metavar="NAME", help="The context of kubectl.  [default: the current one]"
)
def command(environment: str | None, file: Path, context: str | None) -> None:
    """Check with kubectl that the cluster has everything the environment needs. Changes nothing.

    \b
    platformc doctor prod --context prod
    """
    lowered = lowered_of(file, environment)

    missing = 0
    for finding in check(lowered, asking(context), time.time()):
        click.echo(f"{finding.mark:7}  {log_line(finding.text)}")
        missing += not finding.passed
    if missing:
        sys.exit(1)
