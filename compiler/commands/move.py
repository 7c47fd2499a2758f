"""`platformc move ENV`: how the data and the clients of one back end go to another."""

from __future__ import annotations

from pathlib import Path

import click

from compiler.commands.compiling import lowered_of
from compiler.commands.options import environment_argument, location_of, spec_option
from compiler.commands.out_files import need_current
from compiler.commands.output import fail, print_steps
from compiler.commands.verb import Verb
from compiler.delivery.move import copier, steps


@click.command(cls=Verb)
@environment_argument
@spec_option
@click.option("--back", is_flag=True, help="The way back, after a cut-over.")
@click.option(
    "--replace", is_flag=True, help="Also over data of the new instance that the move did not copy."
)
def command(environment: str | None, file: Path, back: bool, replace: bool) -> None:
    """Print the exact commands that move the data of `spec.move`, in order, with waits.

    Until `cutOver: true`, both instances run, and the clients use the old one: the commands deliver the
    new one and copy the data for the first time. With it, they stop the writers, copy the rest, compare,
    and let the clients use the new one. The old one keeps its data until you delete it.

    \b
    platformc move prod          from the present state of the spec on
    platformc move prod --back   with `cutOver: false` again: the clients go back, with their data
    """
    lowered = lowered_of(file, environment)
    move, job = lowered.platform.settings.move, copier(lowered)
    if move is None or job is None:
        fail("nothing is moved in this environment: add `move: {from: OLD, to: NEW}` under `spec`")
    if back and move.cut_over:
        fail("write `cutOver: false` under `spec.move` and compile: then this prints the way back")
    need_current(lowered, file)
    print_steps(steps(lowered, location_of(file), move, job, back=back, replacing=replace))
