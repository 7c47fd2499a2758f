"""Every plan of commands that platformc prints for an environment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from compiler.delivery import apply_plan, move, restore, upgrades
from compiler.delivery.steps import SpecLocation, Step
from compiler.model.package import Lowered
from compiler.secrets import rotation

LOCATION = SpecLocation(Path("my specs/platform.yaml"))


def rendered(lowered: Lowered) -> Lowered:
    """The environment with `rendered: true`: its plans apply the files in out/."""
    settings = lowered.platform.settings.model_copy(update={"rendered": True})
    return replace(lowered, platform=replace(lowered.platform, settings=settings))


def deliveries(lowered: Lowered) -> Iterator[tuple[str, list[Step]]]:
    """The plans for a new cluster, each with its command: nothing is there before them."""
    yield "apply-plan", [*apply_plan.plan(lowered, LOCATION)]
    if restore.restorable(lowered):
        yield "restore", [*restore.steps(lowered, LOCATION, restore.RestoreRequest())]
    settings, job = lowered.platform.settings.move, move.copier(lowered)
    if settings is not None and job is not None:
        first = settings.model_copy(update={"cut_over": False})
        steps = move.steps(lowered, LOCATION, first, job, back=False, replacing=False)
        yield "move", [*steps]


def changes(lowered: Lowered) -> Iterator[tuple[str, list[Step]]]:
    """The plans for a cluster that has the environment already, each with its command."""
    yield (
        "apply-plan --since",
        [
            *upgrades.copies(lowered, lowered),
            *apply_plan.plan(lowered, LOCATION),
            apply_plan.deletions(lowered, replace(lowered, packages={})),
        ],
    )
    if restore.restorable(lowered):
        request = restore.RestoreRequest(at="20261128T020000Z", origin="lab", replace=True)
        yield "restore --replace", [*restore.steps(lowered, LOCATION, request)]
    settings, job = lowered.platform.settings.move, move.copier(lowered)
    if settings is not None and job is not None:
        for back in (False, True):
            over = settings.model_copy(update={"cut_over": not back})
            steps = move.steps(lowered, LOCATION, over, job, back=back, replacing=True)
            yield "move --back" if back else "move after cutOver", [*steps]


def rotations(lowered: Lowered) -> Iterator[tuple[str, list[Step]]]:
    """The plans that rotate each Secret, each with its command."""
    for credential in lowered.credentials:
        if not credential.immutable_reason:
            steps = rotation.plan(lowered, (credential,), LOCATION)
            yield f"secrets rotate {credential.name}", [*steps]
