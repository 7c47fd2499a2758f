"""`platformc validate`: is the spec right, and would its output be accepted?"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from compiler.commands.shared import (
    fail,
    format_option,
    note,
    pins,
    read_spec,
    show,
    spec_option,
)


@click.command
@spec_option
@click.option(
    "--with",
    "checker",
    type=click.Choice(["kubeconform"]),
    default=None,
    help="Check the output with this program too.",
)
@format_option
def command(file: Path, checker: str | None, form: str) -> None:
    """Check the spec and everything that it compiles to; write nothing.

    \b
    platformc validate
    platformc validate --format github     annotations on a pull request
    platformc validate --with kubeconform  ask a second judge
    """
    from compiler import pipeline
    from compiler.commands.progress import progress

    data = read_spec(file)
    with progress() as step:
        result = pipeline.compile(data, str(file), step, pins(file))
    show(result, data, str(file), form, to_stdout=True)
    if result.report.failed:
        sys.exit(1)
    if checker:
        _kubeconform(result)
    if form == "text":
        note(f"{file}: valid")


def _kubeconform(result: object) -> None:
    from compiler import kubeconform
    from compiler.emit import render
    from compiler.pipeline import Compilation

    assert isinstance(result, Compilation)
    for name in result.environments:
        try:
            problems = kubeconform.problems(render(result.lowered[name]))
        except FileNotFoundError:
            fail("kubeconform is not on the PATH; see github.com/yannh/kubeconform")
        for problem in problems:
            click.echo(f"{name}: {problem}")
        if problems:
            sys.exit(1)
