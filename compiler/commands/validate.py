"""`platformc validate`: check the spec and its output."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from compiler import pipeline
from compiler.check import check_previous
from compiler.commands.choice import Choice
from compiler.commands.compiling import lock_of, read_spec
from compiler.commands.options import format_option, spec_option
from compiler.commands.output import fail, note, show
from compiler.commands.progress import progress
from compiler.commands.spec_file import STDIN
from compiler.commands.verb import Verb
from compiler.pipeline import Compilation
from compiler.text import log_line


@click.command(cls=Verb)
@spec_option
@click.option(
    "--with",
    "checker",
    type=Choice(["kubeconform"]),
    default=None,
    help="Check the output with this program too.",
)
@click.option(
    "--fix", is_flag=True, help="Correct mistakes in the spec that have only one correction."
)
@format_option
def command(file: Path, checker: str | None, fix: bool, form: str) -> None:
    """Check the spec and everything that it compiles to; write no output.

    \b
    platformc validate
    platformc validate --format github     annotations on a pull request
    platformc validate --fix               correct mistakes that have only one correction
    platformc validate --with kubeconform  check the output with kubeconform as well
    """
    data = read_spec(file)
    if fix and file == STDIN:
        fail("standard input cannot be corrected in place; name a file by `-f`")
    if fix:
        data = _fix(file, data)
    with progress() as step:
        result = pipeline.compile(data, str(file), lock_of(file, data), progress=step)
    result.report.diagnostics.extend(check_previous(result.lowered, file.parent))
    show(result.report, data, str(file), form)
    if result.report.failed:
        sys.exit(1)
    if checker:
        _kubeconform(result)
    if form == "text":
        note(f"{file}: valid")


_CORRECTIONS = {
    "write": "now `{}`",
    "quote": "put into quotes",
    "insert": "added `{}`",
    "remove": "removed",
}


def _fix(file: Path, data: bytes) -> bytes:
    """Correct the spec file, print the corrections, and return the new contents."""
    from compiler.fix import fixed, replace  # an option that few use, and its packages

    result = fixed(data, lambda text: pipeline.compile(text, str(file), lock_of(file, text)).report)
    if not result.corrected:
        return data
    try:
        replace(file, result.data)
    except OSError as error:
        fail(f"cannot write {file}: {error.strerror}")
    for diagnostic in result.corrected:
        assert diagnostic.fix is not None
        span, correction = (
            diagnostic.fix.span,
            _CORRECTIONS[diagnostic.fix.edit].format(diagnostic.fix.text),
        )
        note(f"fixed[{diagnostic.code}]: {span.file}:{span.line}:{span.column}: {correction}")
    return result.data


def _kubeconform(result: Compilation) -> None:
    from compiler.emit.manifests import render
    from compiler.verify import kubeconform

    for name in result.environments:
        try:
            problems = kubeconform.problems(render(result.lowered[name]))
        except FileNotFoundError:
            fail("kubeconform is not on the PATH; see github.com/yannh/kubeconform")
        for problem in problems:
            click.echo(log_line(f"{name}: {problem}"))
        if problems:
            sys.exit(1)
