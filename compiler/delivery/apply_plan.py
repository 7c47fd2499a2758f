"""Plan a delivery by kubectl: commands for each wave, with waits for its objects.

Argo CD waits for the health of a wave's objects without instructions; kubectl needs a condition for
each kind.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter, itemgetter
from pathlib import Path

from msgspec import Struct

from compiler.delivery import adopted
from compiler.delivery.owned_secrets import handed_over, is_still_read
from compiler.delivery.successors import Succession, last_first, successions
from compiler.derive.order import is_pruned
from compiler.emit.manifests import manifests, wave_file, waves
from compiler.interfaces.sealed_secrets import SEALED
from compiler.model.credential import Credential
from compiler.model.custom_resource import CustomResource, kubectl_kind
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered
from compiler.model.prerequisite import Prerequisite
from compiler.model.resource import Phase, Resource
from compiler.upstream.prerequisites import (
    administration,
    needs_of_vendored,
    prerequisites,
    vendored,
    vendored_commands,
)

SOPS_FILE = "secret-{namespace}-{name}.sops.yaml"  # the file of one encrypted Secret
_TIMEOUT = "10m"
Kinds = Mapping[tuple[str, str], CustomResource]  # the kinds of operators, by group and kind


class Step(Struct, frozen=True):
    """Commands that belong together, with a title."""

    title: str
    commands: tuple[str, ...]
    phase: int = 0


class WaveChange(Struct, frozen=True):
    """Commands for a change that is refused, or never ends, when its wave is only applied."""

    wave: int
    title: str
    before: tuple[str, ...] = ()  # before the wave is applied
    after: tuple[str, ...] = ()  # after it is applied, and before the waits


class SpecLocation(Struct, frozen=True):
    """The path of the spec, from which commands get their options and paths."""

    spec: Path = Path("platform.yaml")
    output: Path | None = None  # the folder of the output, if it is not the spec's

    @property
    def options(self) -> str:
        """The options of every platformc command."""
        return "" if self.spec == Path("platform.yaml") else f" -f {shlex.quote(str(self.spec))}"

    def sibling(self, path: str) -> str:
        """The path of a file of the output, for a shell."""
        return shlex.quote(self.unquoted(path))

    def unquoted(self, path: str) -> str:
        """The path of a file of the output, next to the spec unless the user named a folder."""
        return str((self.output or self.spec.parent) / path)


def plan(
    lowered: Lowered, location: SpecLocation, before: Lowered | None = None,
    changes: Sequence[WaveChange] = (),
) -> Iterator[Step]:  # fmt: skip
    """The steps that deliver an environment: from the files in out/, or by rendering each wave.

    `before` is the tree that the cluster has: its objects whose names or volumes other objects take are deleted first.
    """
    yield from _before(lowered, location)
    kinds = lowered.custom_resources
    handed = successions(before, lowered) if before is not None else []
    for wave, objects in waves(lowered).items():
        yield from _before_successors(handed, wave)
        in_wave = [change for change in changes if change.wave == wave]
        yield from (Step(change.title, change.before) for change in in_wave if change.before)
        phase = Phase.of(wave)
        then = dict.fromkeys(line for change in in_wave for line in change.after)
        commands = (apply(lowered, location, wave), *then, *_waits(objects, kinds))
        yield Step(f"wave {wave}, {phase.title}", commands, phase)
        yield from _restarts(_brought(objects, kinds), _installed_before(lowered))
        if wave == Phase.NAMESPACES and before is not None:
            yield from _handed_secrets(before, lowered)
        # With an operator, credentials are objects of a separate wave.
        operator = lowered.platform.settings.secrets.provider == "external-secrets"
        if wave == Phase.NAMESPACES and lowered.credentials and not operator:
            yield _secrets(lowered, location)
        if wave == Phase.NAMESPACES:
            yield from _by_others(lowered, location)


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
        yield Step(f"there already: {installed} (platformc prerequisites {environment})", ())
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
                    f"kubectl rollout status {server} --timeout={_TIMEOUT}",
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
    return Step("what is gone", commands)


def _deletion(resource: Resource) -> str:
    namespace = f" -n {resource.namespace}" if resource.namespace else ""
    return f"kubectl delete {kubectl_kind(resource.manifest)} {resource.name}{namespace} --ignore-not-found"


def _handed_secrets(before: Lowered, lowered: Lowered) -> Iterator[Step]:
    commands = tuple(handed_over(before, lowered))
    if commands:
        title = "the Secrets in use stay, and are handed over: another provider must have their values by now"
        yield Step(title, commands)


def _secrets(lowered: Lowered, location: SpecLocation) -> Step:
    match lowered.platform.settings.secrets.provider:
        case "existing":
            list_ = f"platformc secrets list {lowered.platform.environment}{location.options}"
            waits = _grouped("create", "secret", lowered.credentials)
            return Step("credentials: make each of these, as listed", (list_, *waits))
        case "local":
            title = "credentials: random ones, in a folder that Git ignores"
        case _:
            title = "credentials: encrypted ones, to commit"
    return Step(title, generation(lowered, location))


def _by_others(lowered: Lowered, location: SpecLocation) -> Iterator[Step]:
    """The Secrets of the user, and what administrators of services outside make, before the servers start."""
    environment = f"{lowered.platform.environment}{location.options}"
    secrets = [
        f"{credential.name} ({', '.join(credential.namespaces)})"
        for credential in lowered.granted
        if credential.created_by == "you"
    ]
    if secrets:
        names = ", ".join(secrets)
        yield Step(
            f"there already: your Secrets {names} (platformc secrets list {environment})", ()
        )
    hosts = ", ".join(dict.fromkeys(host for _, host, _ in administration(lowered.graph)))
    if hosts:
        task = f"made by now by the administrators of {hosts}: logins, and what these may use"
        yield Step(f"{task} (platformc prerequisites {environment})", ())


def generation(
    lowered: Lowered, location: SpecLocation, rotated: Iterable[Credential] = ()
) -> tuple[str, ...]:
    """The commands that create credentials; there are none if an operator creates them."""
    environment = lowered.platform.environment
    options = "".join(f" --rotate {credential.name}" for credential in rotated)
    generate = f"platformc secrets generate {environment}{location.options}{options}"
    folder = location.sibling(f"secrets/{environment}")
    # Server-side: otherwise kubectl would keep a copy of the values in an annotation.
    apply = f"kubectl apply --server-side -k {folder}"
    match lowered.platform.settings.secrets.provider:
        case "local":
            return (generate, apply)
        case "sealed-secrets":
            waits = _grouped(SEALED.ready, SEALED.kind.lower(), lowered.credentials)
            return (generate, apply, *waits)
        case "sops":
            # Each file by its name: anyone can encrypt another file for the keys in `.sops.yaml`.
            files = " ".join(
                SOPS_FILE.format(namespace=space, name=credential.name)
                for credential in lowered.credentials
                for space in credential.namespaces
            )
            decrypt = f'sops decrypt {folder}/"$file" | kubectl apply --server-side -f -'
            return (generate, f"for file in {files}; do {decrypt}; done")
    return ()


def _grouped(condition: str, kind: str, credentials: Iterable[Credential]) -> Iterator[str]:
    """Waits for an object of each credential in each of its namespaces."""
    names_by_space = sorted(
        (space, credential.name) for credential in credentials for space in credential.namespaces
    )
    for space, of_space in groupby(names_by_space, key=itemgetter(0)):
        names = " ".join(f"{kind}/{name}" for _, name in of_space)
        yield f"kubectl wait --for={condition} {names} -n {space} --timeout={_TIMEOUT}"


def _waits(manifests: Iterable[Manifest], kinds: Kinds) -> Iterator[str]:
    """One wait for each server, and one for all objects of a namespace with the same condition."""
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for manifest in manifests:
        name, space = manifest["metadata"]["name"], manifest["metadata"].get("namespace", "")
        namespace = f" -n {space}" if space else ""
        if manifest["apiVersion"].startswith("apps/"):
            server = f"{manifest['kind'].lower()}/{name}"
            yield f"kubectl rollout status {server}{namespace} --timeout={_TIMEOUT}"
        elif condition_of := _condition(manifest, kinds):
            kind, condition, limit = condition_of
            grouped.setdefault((condition, namespace, limit), []).append(f"{kind}/{name}")
    for (condition, namespace, limit), names in grouped.items():
        yield f"kubectl wait --for={condition} {' '.join(names)}{namespace} --timeout={limit}"


def _condition(manifest: Manifest, kinds: Kinds) -> tuple[str, str, str] | None:
    """kubectl's name of a kind, the condition that means it is ready, and the timeout."""
    kind, group = manifest["kind"], manifest["apiVersion"].rpartition("/")[0]
    if kind == "Job" and group == "batch":
        deadline = manifest["spec"].get("activeDeadlineSeconds")
        return "job", "condition=Complete", f"{deadline}s" if deadline else _TIMEOUT
    if kind == "CustomResourceDefinition":
        return "crd", "condition=Established", "1m"
    custom = kinds.get((group, kind))
    if custom is None or not custom.ready:
        return None
    return kubectl_kind(manifest), f"'{custom.ready}'", _TIMEOUT
