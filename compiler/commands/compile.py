"""`platformc compile`: the spec into base/, overlays/ and out/."""

from __future__ import annotations

import sys
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compiler.commands import complete
from compiler.commands.shared import (
    compiled,
    environment_of,
    fail,
    format_option,
    note,
    output_option,
    read_spec,
    said_of,
    show,
    spec_option,
)
from compiler.commands.verb import Verb
from compiler.upstream import lock
from compiler.write.up_to_date import fingerprint, fresh, remember

if TYPE_CHECKING:
    from collections.abc import Callable

    from compiler.diagnostics import Diagnostic, Report
    from compiler.emit.tree import Tree
    from compiler.pipeline import Compilation
    from compiler.write import Plan

_PER_ENVIRONMENT = ("overlays", "out", "prerequisites")


@click.command(cls=Verb)
@spec_option
@output_option
@click.option(
    "--env",
    "environments",
    multiple=True,
    metavar="ENV",
    help="Only this one.",
    shell_complete=complete.environments,
)
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
    print_of = cache(partial(fingerprint, data + lock.data_of(file), environments))
    said = fresh(root, print_of) if form == "text" else None
    if said is not None:
        if said:
            note(said.rstrip("\n"))
        note(f"{file}: nothing changed")
        return
    from compiler.ahead import parsing_and
    from compiler.parallel import in_turn

    # Of the compiler as it is now: what replaces it from here on, this output would not follow from.
    parsed, taken = parsing_and(data, str(file), print_of, str)
    only = (None, *environments) if environments else None
    result = compiled(file, form, begun=(data, parsed), examined=False, only=only)
    for name in environments:
        environment_of(result, name)
    from compiler.diagnostics import Diagnostic
    from compiler.emit.portion import Portion

    def examine() -> list[Diagnostic]:
        from compiler.rules.previous import first_canary

        return result.examined() + first_canary.check(result.lowered, root)

    others, examined = in_turn(result.portion, Portion, examine, list[Diagnostic])
    scope = _scope(environments)

    def done() -> None:
        remember(root, taken(), said_of(result, data, str(file)))

    tree = result.tree(others=others).within(scope)
    planned = None
    if check:
        result.report.diagnostics.extend(examined())
        if not result.report.failed:
            _check(tree, root, scope, form, result.report)
    else:
        planned = _write(tree, root, scope, force, examined, result, done)
    show(result, data, str(file), form)
    if result.report.failed:
        sys.exit(1)
    if planned:
        _summary(planned, tree, file, environments or result.environments, result)
    sys.exit()  # neither by a return nor by click's own, which would free it all (see cli.py)


def _write(
    tree: Tree, root: Path, scope: tuple[str, ...], force: bool,
    examined: Callable[[], list[Diagnostic]], result: Compilation, done: Callable[[], None],
) -> Plan:  # fmt: skip
    """Bring the tree to disk, unless an object or somebody else's edit speaks against it.

    `done` notes what was written, before another compiler may write something else.
    """
    from compiler import write

    try:
        with write.exclusive(root):
            write.recover(root)
            planned = write.plan(tree, root, scope)
            may = force or not planned.blocked
            if may:
                write.stage(planned, tree, root)  # while the other core looks at the objects
            result.report.diagnostics.extend(examined())
            if result.report.failed:
                write.recover(root)
            elif may:
                write.seal(planned, root)
                done()
            else:
                _blocked(planned, root, result.report)
    except (write.BusyError, OSError) as error:
        fail(str(error))
    return planned


def _summary(
    planned: Plan, tree: Tree, file: Path, environments: tuple[str, ...], result: Compilation
) -> None:
    """Say what a compile changed, and where one `kubectl apply -k` is not all."""
    from compiler import write

    count, gone = len([path for path in planned.write if path != write.SUMS]), len(planned.remove)
    changes = f"{count} written" + (f", {gone} removed" if gone else "")
    said = changes if count or gone else "nothing changed"
    note(f"{file}: {', '.join(environments)}: {len(tree)} files, {said}")
    for name in environments:
        roots = tree.get(f"overlays/{name}/ROOTS", "").count("\n")
        if roots:
            note(
                f"{name}: too large for one root; overlays/{name}/ROOTS names its {roots} in order"
            )
    if set(tree) <= set(planned.write):
        _next_steps(result, file, environments[0])


def _next_steps(result: Compilation, file: Path, environment: str) -> None:
    """Say what to type after the first compile; later ones need no such help."""
    from compiler.delivery.apply_plan import SpecLocation
    from compiler.delivery.next_steps import after_compile

    steps = list(after_compile(result.lowered[environment], SpecLocation(file)))
    width = max(len(command) for command, _ in steps)
    note("next:")
    for command, purpose in steps:
        note(f"  {command:<{width}}  # {purpose}")


def _scope(environments: tuple[str, ...]) -> tuple[str, ...]:
    """What a compile is about: all, or the base and what is of the environments named."""
    named = tuple(f"{top}/{name}/" for top in _PER_ENVIRONMENT for name in environments)
    return ("base/", *named) if environments else ("",)


def _check(tree: Tree, root: Path, scope: tuple[str, ...], form: str, report: Report) -> None:
    """Say how the output differs from the tree."""
    from compiler import write
    from compiler.commands.stale import difference

    if write.interrupted(root):
        report.add(
            "interrupted-write",
            f"an earlier write to `{root}` was interrupted",
            help="`platformc compile` finishes it or rolls it back",
        )
        return
    planned = write.plan(tree, root, scope)
    if planned.clean:
        return
    click.echo(difference(planned, tree, root), nl=False, err=form != "text")
    report.add(
        "stale-output",
        "the compiled tree is not what the spec compiles to",
        help="run `platformc compile` and commit what it writes",
    )


def _blocked(planned: Plan, root: Path, report: Report) -> None:
    """Say which files are not ours to overwrite."""
    from compiler.document.span import Span

    way_out = "or overwrite it with `--force`; nothing was written"
    for path in planned.edited:
        report.add(
            "edited-output",
            f"`{path}` was edited by hand since it was compiled",
            Span(str(root / path), 1, 1, 1, 1),
            help=f"move the change into the spec (`patches:` reaches every object), {way_out}",
        )
    for path in planned.foreign:
        report.add(
            "foreign-file",
            f"`{path}` stands where output belongs and was not written by platformc",
            Span(str(root / path), 1, 1, 1, 1),
            help=f"move the file away, {way_out}",
        )
