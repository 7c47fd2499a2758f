"""`platformc secrets`: what credentials an environment needs, and making them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from compiler.commands.shared import (
    compiled,
    environment_of,
    fail,
    note,
    output_option,
    spec_option,
)

if TYPE_CHECKING:
    from compiler.model.package import Lowered


@click.group
def command() -> None:
    """List and generate the credentials of an environment.

    The compiled tree only names Secrets; their values come from elsewhere.
    """


@command.command("list")
@click.argument("environment", metavar="ENV")
@spec_option
def list_(environment: str, file: Path) -> None:
    """Say which Secrets must exist, where, with which keys, and who reads them."""
    lowered = _lowered(file, environment)
    rows = [("SECRET", "NAMESPACES", "KEYS", "READERS")]
    for one in lowered.credentials:
        keys = ",".join(one.keys)
        rows.append((one.name, ",".join(one.namespaces), keys, ",".join(one.readers)))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        click.echo("  ".join([*cells, row[3]]))
    notes = {one.name: one.note for one in lowered.credentials if one.note}
    for name, text in notes.items():
        note(f"{name}: {text}")


@command.command
@click.argument("environment", metavar="ENV")
@spec_option
@output_option
@click.option("--rotate", multiple=True, metavar="SECRET", help="Make this one anew.")
def generate(environment: str, file: Path, output: Path | None, rotate: tuple[str, ...]) -> None:
    """Make the Secrets that are missing, in secrets/ENV/, for `kubectl apply -k`.

    \b
    platformc secrets generate dev
    kubectl apply -k secrets/dev
    """
    from compiler.secrets import local

    lowered = _lowered(file, environment)
    provider = lowered.platform.settings.secrets.provider
    if provider != "local":
        fail(f"secrets come from `{provider}`; `platformc secrets list {environment}` says which")
    known = {one.name for one in lowered.credentials}
    for name in rotate:
        if name not in known:
            from compiler.diagnostics import near

            close = near(name, known)
            fail(f"no Secret `{name}`" + (f"; did you mean `{close}`?" if close else ""))
    try:
        done = local.generate(lowered.credentials, environment, output or file.parent, rotate)
    except (local.UnreadableSecretError, OSError) as error:
        fail(str(error))
    made, kept, rotated = len(done.made), len(done.kept), len(done.rotated)
    note(f"{done.folder}: {made} made, {kept} kept" + (f", {rotated} rotated" if rotated else ""))
    note(f"next: kubectl apply -k {done.folder}")


def _lowered(file: Path, environment: str) -> Lowered:
    result = compiled(file)
    return result.lowered[environment_of(result, environment)]
