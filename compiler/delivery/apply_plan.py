"""Plan a delivery by kubectl: commands for each wave, with waits for its objects."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from compiler.delivery import adopted, credentials, failed_jobs
from compiler.delivery.owned_secrets import handed_over, is_still_read
from compiler.delivery.steps import TIMEOUT, SpecLocation, Step, WaveChange
from compiler.delivery.successors import Succession, last_first, successions
from compiler.delivery.waits import Kinds, waits
from compiler.derive.order import is_pruned
from compiler.emit.manifests import manifests, wave_file, waves
from compiler.model.custom_resource import kubectl_kind
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered
from compiler.model.prerequisite import Prerequisite
from compiler.model.resource import Phase, Resource
from compiler.upstream.install_commands import vendored_commands
from compiler.upstream.prerequisites import needs_of_vendored, prerequisites, vendored


def plan(
    lowered: Lowered, location: SpecLocation, before: Lowered | None = None,
    changes: Sequence[WaveChange] = (),
) -> Iterator[Step]:  # fmt: skip
    """The steps that deliver an environment: from the files in out/, or by rendering each wave.

    `before` is the tree that the cluster has: its objects whose names or volumes other objects take are deleted first.
    """
    yield from _before(lowered, location)
    yield from failed_jobs.run_again(manifests(lowered))
    kinds = lowered.custom_resources
    handed = successions(before, lowered) if before is not None else []
    for wave, objects in waves(lowered).items():
        yield from _before_successors(handed, wave)
        in_wave = [change for change in changes if change.wave == wave]
        yield from (Step(change.title, change.before) for change in in_wave if change.before)
        phase = Phase.of(wave)
        then = dict.fromkeys(line for change in in_wave for line in change.after)
        commands = (apply(lowered, location, wave), *then, *waits(objects, kinds))
        yield Step(f"wave {wave}, {phase.title}", commands, phase)
        yield from _restarts(_brought(objects, kinds), _installed_before(lowered))
        if wave == Phase.NAMESPACES and before is not None:
            yield from _handed_secrets(before, lowered)
        # With an operator, credentials are objects of a separate wave.
        operator = lowered.platform.settings.secrets.provider == "external-secrets"
        if wave == Phase.NAMESPACES and lowered.credentials and not operator:
            yield credentials.made(lowered, location)
        if wave == Phase.NAMESPACES:
            yield from credentials.made_by_others(lowered, location)


def _before_successors(handed: Iterable[Succession], wave: int) -> Iterator[Step]:
    """The steps that delete earlier objects before a wave with the objects that follow them."""
    of_wave = [succession for succession in handed if succession.wave == wave]
    for title, alike in groupby(of_wave, key=attrgetter("title")):
        yield Step(title, tuple(succession.deletion for succession in alike))


def apply(lowered: Lowered, location: SpecLocation, wave: int, selector: str = "") -> str:
    """The command that applies the objects of a wave, or only those with some labels."""
    environment = lowered.platform.environment
    labelled = f" -l {selector}" if selector else ""
    command = f"kubectl apply --server-side{labelled} -f"
    if lowered.platform.settings.rendered:
        return f"{command} {location.sibling(f'out/{environment}/{wave_file(wave)}')}"
    return f"platformc render {environment}{location.options} --wave {wave} | {command} -"


def _before(lowered: Lowered, location: SpecLocation) -> Iterator[Step]:
    """The steps for upstream systems: for systems that must be installed already, and for vendored systems."""
    environment = f"{lowered.platform.environment}{location.options}"
    names = [
        name for system in prerequisites(lowered.graph) for name in (system.system, *system.besides)
    ]
    names += [name for system in needs_of_vendored(lowered.graph) for name in system.besides]
    if installed := ", ".join(dict.fromkeys(names)):
        yield Step(
            f"the cluster must have: {installed} (platformc prerequisites {environment})", ()
        )
    for line in adopted.warnings(lowered):
        yield Step(line, ())
    for release in vendored(lowered.graph):
        folder = location.sibling(f"prerequisites/{lowered.platform.environment}/{release.name}")
        title = f"{release.system} {release.version}, from the files of `platformc vendor`"
        yield Step(title, tuple(vendored_commands(release, folder)))
        yield from _restarts(release.brings, prerequisites(lowered.graph))


def _installed_before(lowered: Lowered) -> tuple[Prerequisite, ...]:
    """The systems that are installed before the first wave."""
    return (*prerequisites(lowered.graph), *vendored(lowered.graph))


def _brought(objects: Iterable[Manifest], kinds: Kinds) -> set[str]:
    """The parts of systems that operators install for some objects."""
    custom = (kinds.get((Resource(manifest).id[0], manifest["kind"])) for manifest in objects)
    return {kind.brings for kind in custom if kind is not None and kind.brings}


def _restarts(parts: Collection[str], systems: Iterable[Prerequisite]) -> Iterator[Step]:
    """Restart the systems that run already and look for one of these parts only when they start."""
    for system in systems:
        late, running = [part for part in system.looks_once_for if part in parts], system.running
        if late and running is not None:
            server = f"-n {running.namespace} deployment/{running.deployment}"
            yield Step(
                f"{system.system} looks for {', '.join(late)} only when it starts",
                (
                    f"kubectl rollout restart {server}",
                    f"kubectl rollout status {server} --timeout={TIMEOUT}",
                ),
            )


def deletions(before: Lowered, after: Lowered) -> Step:
    """The step that deletes, in reverse order, objects that only the earlier tree has.

    An object that Argo CD must not prune, because it holds data, is not deleted here either. Nor is an object
    whose name or volume another object has taken by then, or that owned a Secret in use: the plan has deleted it
    before.
    """
    remaining_ids = {Resource(manifest).id for manifest in manifests(after)}
    remaining_ids |= {succession.earlier.id for succession in successions(before, after)}
    commands = tuple(
        _deletion(resource)
        for resource in last_first(before)
        if resource.id not in remaining_ids
        and is_pruned(resource.manifest)
        and not is_still_read(resource, after)
    )
    return Step("delete the objects that the spec no longer has", commands)


def _deletion(resource: Resource) -> str:
    namespace = f" -n {resource.namespace}" if resource.namespace else ""
    return f"kubectl delete {kubectl_kind(resource.manifest)} {resource.name}{namespace} --ignore-not-found"


def _handed_secrets(before: Lowered, lowered: Lowered) -> Iterator[Step]:
    commands = tuple(handed_over(before, lowered))
    if commands:
        title = (
            "the Secrets in use stay and get another owner: the new provider must have their values"
        )
        yield Step(title, commands)
