"""`platformc doctor ENV`: check whether the cluster is ready for the environment."""

from __future__ import annotations

import subprocess  # kubectl's answers; arguments are lists, no shell takes part
import sys
from pathlib import Path

import click

from compiler.commands.compiling import lowered_of
from compiler.commands.options import environment_argument, spec_option
from compiler.commands.output import fail
from compiler.commands.verb import Verb
from compiler.delivery.doctor import check
from compiler.text import log_line


@click.command(cls=Verb)
@environment_argument
@spec_option
@click.option("--context", metavar="NAME", help="Of kubectl's contexts; default: the current one.")
def command(environment: str | None, file: Path, context: str | None) -> None:
    """Check with kubectl that the cluster has everything the environment needs. Changes nothing.

    \b
    platformc doctor prod --context prod
    """
    lowered = lowered_of(file, environment)

    front = ["kubectl", *(["--context", context] if context else [])]

    def ask(words: list[str], text: str) -> tuple[int, str, str]:
        try:
            answer = subprocess.run(  # noqa: S603  # a list, no shell
                [*front, *words],
                input=text,
                capture_output=True,
                text=True,
                check=False,
                errors="replace",
            )
        except FileNotFoundError:
            fail("kubectl is not on the PATH")
        return answer.returncode, answer.stdout, answer.stderr

    missing = 0
    for finding in check(lowered, ask):
        mark = "ok     " if finding.good else "missing"
        click.echo(f"{mark}  {log_line(finding.text)}")
        missing += not finding.good
    if missing:
        sys.exit(1)
