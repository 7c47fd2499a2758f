"""`platformc diff A B`: the effect of a change of the spec on running systems, without a cluster."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from compiler.commands import complete
from compiler.commands.choice import Choice
from compiler.commands.compiling import environment_of
from compiler.commands.options import spec_option
from compiler.commands.output import fail
from compiler.commands.revisions import compile_source, of_file, source
from compiler.commands.terminal import coloured
from compiler.commands.verb import Verb
from compiler.delivery.argocd.applications import permissions
from compiler.diagnostics.text import Style
from compiler.diff import Change
from compiler.diff.compare import compare
from compiler.files import open_folder, sentence
from compiler.model.package import Lowered
from compiler.pipeline import Compilation
from compiler.rules.previous import changed_release
from compiler.write.output_paths import digests_on_disk, strays
from compiler.write.plan import digest

DETAILED = "--detailed-exitcode"
# The statuses of Terraform, which pipelines know. Other commands end with 2 on wrong usage; this one with 1.
CHANGED, FAILED = 2, 1


class _Diff(Verb):
    """Wrong usage must not have the exit status of a change."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        detailed = DETAILED in args
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            if not detailed:
                raise
            raise _Failed(error.format_message(), error.ctx) from error


class _Failed(click.UsageError):
    exit_code = FAILED


@click.command(cls=_Diff)
@click.argument("before", metavar="[A]", default="HEAD")
@click.argument("after", metavar="[B]", required=False)
@spec_option
@click.option(
    "--env",
    "environment",
    metavar="ENV",
    help="Only this environment.",
    shell_complete=complete.environments,
)
@click.option(
    "--format",
    "form",
    type=Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="The format of the changes.",
)
@click.option(
    DETAILED,
    is_flag=True,
    help=f"End with {CHANGED} where anything changes, 0 where nothing does, {FAILED} on any error.",
)
def command(
    before: str, after: str | None, file: Path, environment: str | None, form: str,
    detailed_exitcode: bool,
) -> None:  # fmt: skip
    """Show the differences between two specs, with causes and risks.

    A and B are git revisions, or paths of folders and specs (`./before`, `before.yaml`). `git:REV` is always a
    revision. This compiler compiles both. The status is 3 if a revision has no spec.

    \b
    platformc diff                     the last commit against the working tree
    platformc diff main --env prod
    platformc diff v1.2 v1.3 --format markdown
    platformc diff git:HEAD~1 ./platform.yaml
    """
    try:
        # Read before the revision: status 3 says that all of this spec is new, so it must be there.
        new_source = source(after, file) if after else of_file(file)
        old, new = compile_source(source(before, file)), compile_source(new_source)
        changes = _changes(old, new, environment)
        foreign = () if after else _strays(old, new, file.parent)
    except SystemExit as ended:
        sys.exit(FAILED if detailed_exitcode else ended.code)
    gained = permissions(_lowered(new)).beyond(permissions(_lowered(old))) if changes else ()
    _print(changes, form, foreign, gained)
    if detailed_exitcode and changes:
        sys.exit(CHANGED)


def _lowered(compilation: Compilation) -> dict[str, Lowered]:
    return {name: compilation.lowered[name] for name in compilation.environments}


def _print(
    changes: tuple[Change, ...], form: str, strays: Sequence[str], permissions: Sequence[str]
) -> None:
    renderer = import_module(f"compiler.diff.{form}")
    if form != "text":
        click.echo(renderer.render(changes, strays, permissions), nl=False)
        return

    style = Style(coloured(sys.stdout))
    click.echo(renderer.render(changes, strays, permissions, style), nl=False, color=style.colour)


def _changes(old: Compilation, new: Compilation, environment: str | None) -> tuple[Change, ...]:
    if environment:
        compilation = new if environment in new.environments else old
        environment_of(compilation, environment)
    changes = compare(old, new)
    return tuple(change for change in changes if environment in (None, change.environment))


def _strays(old: Compilation, new: Compilation, root: Path) -> Sequence[str]:
    """The foreign files in the folders of the output, which would be delivered with it.

    Files of vendored releases that `vendor` did not write like this are among them. Files of the old spec's output
    are not foreign: the next compile removes them. The tree's own list of files is ignored, because the author of
    the tree wrote it.
    """
    try:
        changed = tuple(path for _, path, _ in changed_release.differences(new.lowered, root))
        with open_folder(root) as folder:
            if folder.status("base") is None:  # the output is not committed
                return changed
            foreign = tuple(strays(new.tree(), folder))
            if not foreign:
                return changed
            tree, digests = old.tree(), digests_on_disk(folder, foreign)
            unknown = [
                path for path, current in zip(foreign, digests, strict=True)
                if path not in tree or current != digest(tree, path)
            ]  # fmt: skip
            return (*unknown, *changed)
    except OSError as error:
        fail(sentence(error))
