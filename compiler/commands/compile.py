"""`platformc compile`: the spec into base/, overlays/ and out/."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

import click

from compiler.commands import complete
from compiler.commands.options import format_option, output_option, spec_option
from compiler.commands.output import fail, note
from compiler.commands.spec_file import UnreadableError, read
from compiler.commands.up_to_date import fingerprint, last_output
from compiler.commands.verb import Verb
from compiler.files import next_to_spec
from compiler.upstream import lock


@click.command(cls=Verb)
@spec_option
@output_option
@click.option(
    "--env",
    "environments",
    multiple=True,
    metavar="ENV",
    help="Compile only this environment.",
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
    platformc compile                 next to platform.yaml
    platformc compile --check         in CI: is the committed output current?
    platformc compile --env prod -o /tmp/review
    """
    root = output or file.parent
    try:
        data = read(file)
    except UnreadableError as error:
        fail(str(error))
    inputs = (data, lock.data_of(file), bytes(file), next_to_spec.digestible(data, file.parent))
    current = cache(partial(fingerprint, inputs, environments))
    # A check looks at everything, because it must not rely on the note of the last compile.
    earlier = last_output(root, current) if form == "text" and not check else None
    if earlier is not None:
        if earlier:
            note(earlier.rstrip("\n"))
        note(f"{file}: nothing changed")
        return
    # Imported late: importing the compiler takes several times as long as checking that nothing changed.
    from compiler.commands.build import Build

    build = Build(file, data, root, environments, form)
    if check:
        build.check()
    else:
        build.update(force, current)
