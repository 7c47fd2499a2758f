"""`platformc render`: one environment's manifests as one stream."""

from __future__ import annotations

from pathlib import Path

import click

from compiler.commands import complete
from compiler.commands.compiling import lowered_of
from compiler.commands.options import environment_argument, spec_option
from compiler.commands.output import fail, fail_unknown
from compiler.commands.verb import Verb
from compiler.diagnostics.words import listing
from compiler.emit.manifests import render, waves
from compiler.model.fleet import Fleet
from compiler.model.package import Lowered


@click.command(cls=Verb)
@environment_argument
@spec_option
@click.option(
    "--component",
    metavar="NAME",
    shell_complete=complete.instances,
    help="Print only this component's objects.",
)
@click.option("--wave", type=int, help="Print only the objects of this wave (see `apply-plan`).")
def command(environment: str | None, file: Path, component: str | None, wave: int | None) -> None:
    """Print every manifest of an environment, in the order of delivery.

    \b
    platformc render dev | kubectl apply --server-side -f -
    platformc render prod --component mlflow
    """
    lowered = lowered_of(file, environment)
    if component is not None:
        lowered = only(lowered, component)

    if wave is not None and wave not in waves(lowered):
        fail(
            f"no wave {wave}; the waves are {', '.join(str(number) for number in sorted(waves(lowered)))}"
        )
    click.echo(render(lowered, wave), nl=False)


def only(lowered: Lowered, component: str) -> Lowered:
    """The lowered environment with the objects of one component. Ends the command if there is none."""
    from msgspec.structs import replace

    names = {*lowered.packages, *lowered.models}
    if component not in names:
        fail_unknown("component", component, names, f"the packages are {listing(lowered.packages)}")
    return replace(
        lowered,
        packages={name: package for name, package in lowered.packages.items() if name == component},
        models=Fleet(
            {name: package for name, package in lowered.models.items() if name == component}
        ),
    )
