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
@click.option("--back", is_flag=True, help="Undo a cut-over.")
@click.option(
    "--replace", is_flag=True, help="Overwrite data of the new instance that the move did not copy."
)
def command(environment: str | None, file: Path, back: bool, replace: bool) -> None:
    """Print the exact commands that move the data of `spec.move`, in order, with waits.

    Without `cutOver: true`, the commands deliver the new instance and copy the data for the first time. The
    clients use the old instance. With `cutOver: true`, the commands stop the writers, copy the rest, compare,
    and let the clients use the new instance. The old instance keeps its data until you delete it.

    \b
    platformc move prod          copy; or, with `cutOver: true`, cut over
    platformc move prod --back   after you have removed `cutOver: true`: undo the cut-over, with the data
    """
    lowered = lowered_of(file, environment)
    move, job = lowered.platform.settings.move, copier(lowered)
    if move is None or job is None:
        fail("nothing is moved in this environment: add `move: {from: OLD, to: NEW}` under `spec`")
    if back and move.cut_over:
        fail("write `cutOver: false` under `spec.move` and compile: then this prints the way back")
    need_current(lowered, file)
    print_steps(steps(lowered, location_of(file), move, job, back=back, replacing=replace))
