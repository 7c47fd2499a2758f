"""Plan the move of `spec.move`: copy, freeze the writers, copy the rest, compare, and cut over."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from compiler.delivery import writers
from compiler.delivery.apply_plan import plan
from compiler.delivery.copy_orders import new_copies
from compiler.delivery.cron_jobs import run
from compiler.delivery.steps import SpecLocation, Step
from compiler.delivery.upstream_changes import upstream_changes
from compiler.diagnostics import Report
from compiler.kube.labels import COMPONENT
from compiler.model.memo import Memo
from compiler.model.package import Lowered
from compiler.model.resource import Resource
from compiler.pipeline import Compilation, with_objects
from compiler.resolve import resolve
from compiler.spec.move import Move

_GAP = "between the copy and the cut-over its log may have gone on in the old store alone, and {} lacks that part"


def copier(lowered: Lowered) -> Resource | None:
    """The CronJob that copies, in both directions."""
    return next(
        (
            resource
            for package in lowered.packages.values()
            for resource in package.resources
            if resource.kind == "CronJob"
            and resource.manifest["metadata"].get("labels", {}).get(COMPONENT) == "move"
        ),
        None,
    )


def steps(
    lowered: Lowered,
    location: SpecLocation,
    move: Move,
    job: Resource,
    *,
    back: bool,
    replacing: bool,
) -> Iterator[Step]:
    """The steps of a move from the present state of the spec.

    Until `cutOver`, both instances run and the data is copied for the first time; with `cutOver`, or on the
    way `back`, the writers stop, the rest is copied and compared, and the clients change over.
    With `replacing`, the copy may replace data that an earlier run did not copy.
    """
    variables = {"REPLACE": "yes"} if replacing else {}
    if not move.cut_over and not back:
        yield from _first_copy(lowered, location, run(job, _first_title(move), variables))
        return
    # A pooler in front of the old instance may be another kind of object afterwards.
    before = with_other_clients(lowered, move)
    freeze = writers.freeze(before, {move.from_, move.to})
    if freeze:
        yield Step(f"freeze: {writers.STOPPED}", freeze)
    source, target = (move.to, move.from_) if back else (move.from_, move.to)
    direction = {"DIRECTION": "back"} if back else {}
    yield run(job, f"copy the rest of {source} to {target}, and compare",
              {**direction, "FREEZE": "yes", **variables})  # fmt: skip
    yield from _change_over(lowered, location, before)
    starts = writers.upstream_starts(before, {move.from_, move.to})
    if starts:
        yield Step(writers.STARTED, starts)
    yield from new_copies(lowered, writers.clients(before, {source, target}), _GAP.format(target))
    if back:
        yield Step(f"the clients use {move.from_} again", ())
    else:
        yield from _ways_on(lowered, location, move)


def _ways_on(lowered: Lowered, location: SpecLocation, move: Move) -> Iterator[Step]:
    """The two ways on after the cut-over, which have no commands yet: back, and to the end."""
    environment = f"{lowered.platform.environment}{location.options}"
    yield Step(
        f"the way back, as long as both run: write `cutOver: false`, compile, `platformc move {environment} --back`", (),
    )  # fmt: skip
    yield Step(
        f"the end: write {move.to} where the spec names {move.from_}, delete `move` and {move.from_} from it, "
        f"compile, deliver; the volumes of {move.from_} stay until you delete them", (),
    )  # fmt: skip


def _first_title(move: Move) -> str:
    return f"copy {move.from_} to {move.to} while the clients write; its last line says how long it took"


def _first_copy(lowered: Lowered, location: SpecLocation, copy: Step) -> Iterator[Step]:
    """Deliver both instances and copy the data, while the clients use the old instance."""
    yield from plan(lowered, location)
    yield copy
    environment = f"{lowered.platform.environment}{location.options}"
    yield Step(
        f"now write `cutOver: true` under `spec.move`, and compile; `platformc move {environment}` "
        "then prints the rest", (),
    )  # fmt: skip


def with_other_clients(lowered: Lowered, move: Move) -> Lowered:
    """The environment with the clients at the other instance: so it is before they change over."""
    platform = lowered.platform
    opposite = move.model_copy(update={"cut_over": not move.cut_over})
    settings = platform.settings.model_copy(update={"move": opposite})
    instances = {
        name: replace(instance, settings=settings) for name, instance in platform.instances.items()
    }
    platforms = {platform.environment: replace(platform, settings=settings, instances=instances)}
    report, memo = Report(), Memo()
    graphs = resolve(platforms, memo, report)
    result = with_objects(Compilation(report, platforms, graphs, memo=memo))
    return result.lowered[platform.environment]


def _change_over(lowered: Lowered, location: SpecLocation, before: Lowered) -> Iterator[Step]:
    """Deliver the clients with the other instance as their provider."""
    changes = tuple(upstream_changes(before, lowered, location))
    for step in plan(lowered, location, before, changes):
        # The replicas belong to `kubectl scale` since the freeze.
        commands = (line.replace("apply --server-side", "apply --server-side --force-conflicts")
                    for line in step.commands)  # fmt: skip
        yield replace(step, commands=tuple(commands))
