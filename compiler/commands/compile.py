"""`platformc compile`: the spec into base/, overlays/ and out/."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from compiler.commands.shared import (
    compiled,
    environment_of,
    fail,
    format_option,
    note,
    output_option,
    read_spec,
    spec_option,
)
from compiler.fresh import fingerprint, fresh, remember


@click.command
@spec_option
@output_option
@click.option("--env", "environments", multiple=True, metavar="ENV", help="Only this one.")
@click.option("--check", is_flag=True, help="Write nothing; fail when the output is stale.")
@click.option("--force", is_flag=True, help="Overwrite files that were edited by hand.")
@format_option
def command(
    file: Path, output: Path | None, environments: tuple[str, ...], check: bool, force: bool,
    form: str,
) -> None:  # fmt: skip
    """Compile the spec into base/, overlays/ and out/.

    \b
    platformc compile                 beside platform.yaml
    platformc compile --check         in CI: is the committed output current?
    platformc compile --env prod -o /tmp/review
    """
    root = output or file.parent
    data = read_spec(file)
    print_of = fingerprint(data, environments)
    if form == "text" and fresh(root, print_of):
        note(f"{file}: nothing changed")
        return
    result = compiled(file, form, data=data)
    for name in environments:
        environment_of(result, name)
    from compiler import write

    tree = result.tree()
    scope: tuple[str, ...] = ("",)
    if environments:
        folders = tuple(f"{top}/{name}/" for top in ("overlays", "out") for name in environments)
        scope = ("base/", *folders)
        tree = {path: text for path, text in tree.items() if path.startswith(scope)}
    if check:
        _check(tree, root, scope)
    try:
        with write.exclusive(root):
            write.recover(root)
            planned = write.plan(tree, root, scope)
            if planned.blocked and not force:
                _blocked(planned)
            write.carry_out(planned, tree, root)
            if not result.report.diagnostics:
                remember(root, print_of)
    except (write.BusyError, OSError) as error:
        fail(str(error))
    count, gone = len([path for path in planned.write if path != write.SUMS]), len(planned.remove)
    changes = f"{count} written" + (f", {gone} removed" if gone else "")
    names = ", ".join(environments or result.environments)
    note(f"{file}: {names}: {len(tree)} files, {changes if count or gone else 'nothing changed'}")


def _check(tree: dict[str, str], root: Path, scope: tuple[str, ...]) -> None:
    """Say how the output differs from the tree, and end."""
    from compiler import write
    from compiler.commands.stale import difference

    if write.interrupted(root):
        note(
            f"error[interrupted-write]: an earlier write to {root} was interrupted\n"
            "  = help: `platformc compile` finishes it or rolls it back"
        )
        sys.exit(1)
    planned = write.plan(tree, root, scope)
    if planned.clean:
        sys.exit(0)
    click.echo(difference(planned, tree, root), nl=False)
    note(
        "error[stale-output]: the compiled tree is not what the spec compiles to\n"
        "  = help: run `platformc compile` and commit what it writes"
    )
    sys.exit(1)


def _blocked(planned: object) -> None:
    from compiler.write import Plan

    assert isinstance(planned, Plan)
    for path in planned.edited:
        note(f"error[edited-output]: {path} was edited by hand since it was compiled")
    for path in planned.foreign:
        note(f"error[foreign-file]: {path} was not written by platformc")
    note(
        "  = help: move the change into the spec (`patches:` reaches every object), or overwrite "
        "it with `--force`; nothing was written"
    )
    sys.exit(1)
