"""Plan the restore of backups to a new cluster, or over existing data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from msgspec import Struct

from compiler.delivery import writers
from compiler.delivery.apply_plan import apply, plan
from compiler.delivery.cron_jobs import run
from compiler.delivery.steps import SpecLocation, Step
from compiler.delivery.worthless_databases import emptied
from compiler.kube.labels import COMPONENT
from compiler.model.credential import Credential
from compiler.model.custom_resource import at
from compiler.model.instance import REPLACES
from compiler.model.package import Lowered, Package
from compiler.model.resource import Phase, Resource

RESTORE = "restore"  # the role of the CronJobs that restore


class RestoreRequest(Struct, frozen=True):
    """The data to restore, its time and origin, and whether existing data may be overwritten."""

    only: str | None = None
    at: str | None = None  # the time in the form of the names of copies: 20261128T020000Z
    origin: str | None = None  # another platform, whose copies are accepted
    replace: bool = False


def restorable(lowered: Lowered) -> list[tuple[Package, Resource]]:
    """The CronJobs that restore: object stores come first, because rows of databases name objects."""
    pairs = [
        (package, resource)
        for package in lowered.packages.values()
        for resource in package.resources
        if resource.kind == "CronJob"
        and resource.manifest["metadata"].get("labels", {}).get(COMPONENT) == RESTORE
    ]
    return sorted(pairs, key=lambda pair: (pair[0].phase, pair[0].name))


def unprepared(lowered: Lowered, only: str | None) -> list[tuple[str, str]]:
    """Instances that an operator would make empty, each with the text that makes it restore them."""
    return [
        (package.name, resource.custom.recovery_help)
        for package in lowered.packages.values()
        if only in (None, package.name)
        and any(copy.custom and copy.custom.copies_data for copy in package.resources)
        for resource in package.resources
        if resource.custom
        and resource.custom.recovery
        and at(resource.manifest, resource.custom.recovery) is None
    ]


def recovered(lowered: Lowered) -> list[str]:
    """Instances that an operator makes from their copies when they are applied."""
    return [
        package.name
        for package in lowered.packages.values()
        for resource in package.resources
        if resource.custom
        and resource.custom.recovery
        and at(resource.manifest, resource.custom.recovery) is not None
    ]


def restored_otherwise(lowered: Lowered, time: str) -> Iterator[str]:
    """Instances that an operator would make from their copies as of another time."""
    for package in lowered.packages.values():
        for resource in package.resources:
            custom = resource.custom
            if custom and custom.recovery and at(resource.manifest, custom.recovery) is not None:
                until = (
                    at(resource.manifest, custom.recovery_time) if custom.recovery_time else None
                )
                if until != written(time):
                    yield package.name


def written(time: str) -> str:
    """The name of a copy, 20261128T020000Z, as a time in the spec: 2026-11-28T02:00:00Z."""
    day, _, clock = time.rstrip("Z").partition("T")
    return f"{day[:4]}-{day[4:6]}-{day[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:]}Z"


def irreplaceable(lowered: Lowered, only: str | None) -> list[Credential]:
    """Credentials that new ones cannot replace, because copies or databases are encrypted with them."""
    restored = {package.name for package, _ in restorable(lowered) if only in (None, package.name)}
    readers = restored | writers.clients(lowered, restored)
    return sorted(
        (
            credential
            for credential in lowered.credentials
            if credential.immutable_reason and readers & set(credential.readers)
        ),
        key=lambda credential: credential.name,
    )


def steps(lowered: Lowered, location: SpecLocation, request: RestoreRequest) -> Iterator[Step]:
    """The plan. In a new cluster, a server starts after its data is restored: else it would make new data."""
    chosen = [pair for pair in restorable(lowered) if request.only in (None, pair[0].name)]
    restores = [_restore(resource, request) for _, resource in chosen]
    if request.replace:
        yield from _in_place(lowered, {package.name for package, _ in chosen}, restores)
        return
    if chosen:
        restores.insert(0, _delivered(lowered, location, chosen))
    has_servers = True
    changes = tuple(emptied(lowered, recovered(lowered)))
    for step in plan(lowered, location, changes=changes):
        if has_servers and step.phase >= Phase.SERVERS:
            yield from restores
            has_servers = False
        yield step
    if has_servers:
        yield from restores


def _delivered(
    lowered: Lowered, location: SpecLocation, chosen: Sequence[tuple[Package, Resource]]
) -> Step:
    """The step that applies the CronJobs of restores before the rest of their wave.

    They can't be in an earlier wave: Argo CD waits for the health of a wave, and with its health check for
    CronJobs, one that waits to be started by hand is `Suspended` and never healthy.
    """
    selected = f"{COMPONENT}={RESTORE}"
    in_order = sorted({package.wave(resource) for package, resource in chosen})
    commands = tuple(apply(lowered, location, wave, selected) for wave in in_order)
    return Step("the CronJobs that restore, before the rest of their wave", commands)


def _restore(resource: Resource, request: RestoreRequest) -> Step:
    """The step that runs the Job of one restore."""
    effect = resource.manifest["metadata"].get("annotations", {}).get(REPLACES, "")
    title = f"restore {resource.name.removesuffix('-restore')}" + (
        f": {effect}" if request.replace and effect else ""
    )
    variables = {
        "AT": request.at,
        "FROM": request.origin,
        "REPLACE": "yes" if request.replace else None,
    }
    return run(resource, title, {key: text for key, text in variables.items() if text})


def _in_place(lowered: Lowered, restored: Set[str], restores: list[Step]) -> Iterator[Step]:
    freeze = writers.freeze(lowered, restored, copies=True)
    if freeze:
        yield Step(writers.STOPPED, freeze)
    yield from restores
    if freeze:
        yield Step("start it again", writers.thaw(lowered, restored, copies=True))
