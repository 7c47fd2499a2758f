"""`platformc apply-plan ENV`: the commands that deliver an environment with kubectl."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from compiler.commands.compiling import lowered_of
from compiler.commands.options import environment_argument, location_of, spec_option
from compiler.commands.out_files import need_current
from compiler.commands.output import fail, print_steps
from compiler.commands.revisions import compile_source, source
from compiler.commands.verb import Verb
from compiler.delivery.apply_plan import deletions, plan
from compiler.delivery.next_steps import pages, runs
from compiler.delivery.steps import SpecLocation, Step
from compiler.delivery.upgrades import copies
from compiler.delivery.upstream_changes import upstream_changes
from compiler.diff.compare import in_environment
from compiler.diff.losses import reason, stop
from compiler.diff.recreation import recreations
from compiler.model.package import Lowered


@click.command(cls=Verb)
@environment_argument
@spec_option
@click.option(
    "--since",
    metavar="A",
    help="The revision that runs: a git revision, folder or spec. The plan copies data that the upgrade "
    "changes for good, and deletes the objects that only A has.",
)
def command(environment: str | None, file: Path, since: str | None) -> None:
    """Print the exact commands that deliver an environment, in order, with waits.

    \b
    platformc apply-plan dev           read the commands
    platformc apply-plan dev | sh -e   run them
    """
    lowered = lowered_of(file, environment)
    need_current(lowered, file)
    before = None
    if since:
        before = compile_source(source(since, file)).lowered.get(lowered.platform.environment)
    location = location_of(file)
    steps = [*_since(before, lowered, location)] if before else [*plan(lowered, location)]
    steps += [Step(line, ()) for line in (*pages(lowered), *runs(lowered))]
    print_steps(steps)


def _since(before: Lowered, after: Lowered, location: SpecLocation) -> Iterator[Step]:
    """The delivery to a cluster that has an earlier tree. Ends the command if the cluster would refuse it."""
    changes = tuple(in_environment(str(after.platform.environment), before, after))
    needed = recreations(changes, before, after)
    if needed.refused:
        texts = "; ".join(f"`{change.title}`: {reason(change)}" for change in needed.refused)
        fail(f"the API server would refuse this delivery: {texts}")
    yield from stop(changes)
    yield from copies(before, after)
    upstream = upstream_changes(before, after, location)
    yield from plan(after, location, before, (*upstream, *needed.changes))
    yield deletions(before, after)
