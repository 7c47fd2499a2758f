"""`platformc restore ENV`: the commands that restore the copies of `spec.backup`."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import click

from compiler.commands.compiling import lowered_of
from compiler.commands.options import environment_argument, location_of, spec_option
from compiler.commands.out_files import need_current
from compiler.commands.output import fail, print_steps
from compiler.commands.verb import Verb
from compiler.delivery.restore import (
    RestoreRequest,
    irreplaceable,
    recovered,
    restorable,
    restored_otherwise,
    steps,
    unprepared,
    written,
)
from compiler.model.package import Lowered
from compiler.secrets import folder


@click.command(cls=Verb)
@environment_argument
@spec_option
@click.option("--only", metavar="NAME", help="Restore only this instance.")
@click.option(
    "--at",
    metavar="TIME",
    help="Restore the copies of this time, or the newest before it: 20261128T020000Z.",
)
@click.option(
    "--from", "origin", metavar="PLATFORM", help="Accept the copies of a platform of another name."
)
@click.option(
    "--replace", is_flag=True, help="Restore over existing data; the plan stops its writers first."
)
def command(
    environment: str | None, file: Path, only: str | None, at: str | None, origin: str | None,
    replace: bool,
) -> None:  # fmt: skip
    """Print the exact commands that restore an environment, in order, with waits.

    Without `--replace`, the plan is for a new cluster: it delivers the stores and databases, restores their
    data, then delivers the rest. Before a Job writes, it refuses a copy that is broken, belongs to another
    platform, or is newer than the servers, and a target that holds other data. You can run an interrupted
    restore again.

    \b
    platformc restore prod                              to a new cluster
    platformc restore prod --only postgres --replace    over existing data
    """
    lowered = lowered_of(file, environment)
    names = [package.name for package, _ in restorable(lowered)]
    for name, help in unprepared(lowered, only):
        fail(f"`{name}` would be made empty: {help}. `--only` restores another instance alone")
    by_operator = recovered(lowered)
    if only in by_operator:
        fail(f"`{only}` is restored when it is applied to a new cluster: platformc apply-plan")
    if not names and not by_operator:
        fail("nothing is copied in this environment: add `backup: {to: ...}` under `spec`")
    if only is not None and only not in names:
        fail(f"`{only}` is not copied; the copied instances are {', '.join(names)}")
    if at is not None:
        _check_time(lowered, at, only)
    if origin is not None and not re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", origin):
        fail(f"`{origin}` is not a platform's name, as in its `metadata.name`")
    if not replace:  # over what is there, nothing is applied
        need_current(lowered, file)
        _need_secrets(lowered, only, file.parent)
    print_steps(steps(lowered, location_of(file), RestoreRequest(only, at, origin, replace)))


def _is_time(text: str) -> bool:
    """Whether a text names a moment that exists, in the form of the names of copies."""
    try:
        datetime.strptime(text, "%Y%m%dT%H%M%SZ")
    except ValueError:
        return False
    # strptime also accepts single digits.
    return re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", text) is not None


def _check_time(lowered: Lowered, at: str, only: str | None) -> None:
    """End the command if the time is not valid, or differs from the time in an operator's cluster."""
    if not _is_time(at):
        fail(f"`{at}` is not a time of a copy: write it like 20261128T020000Z")
    for name in restored_otherwise(lowered, at) if only is None else ():
        fail(
            f'`{name}` would be made as of another time: write `until: "{written(at)}"` in its '
            "`restore`. `--only` restores another instance alone"
        )


def _need_secrets(lowered: Lowered, only: str | None, root: Path) -> None:
    """End the command if `secrets generate` would make a new key for data that an old key encrypts."""
    if not lowered.platform.settings.secrets.are_generated:
        return
    environment = lowered.platform.environment or ""
    lost = folder.missing(irreplaceable(lowered, only), environment, root)
    if lost:
        reasons = "; ".join(f"`{secret.name}`: {secret.immutable_reason}" for secret in lost)
        fail(
            f"secrets/{environment} lacks Secrets that a new value cannot replace: {reasons}. "
            "Bring their files back first"
        )
