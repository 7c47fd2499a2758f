"""The order of delivery as kubectl needs it told: commands, wave by wave, each with its waits.

Argo CD waits for a wave's health by itself; kubectl is told object by object what healthy means.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from msgspec import Struct

from compiler.derive.order import KEPT
from compiler.emit.manifests import manifests, wave_file, waves
from compiler.model.credential import Credential
from compiler.model.package import Lowered
from compiler.model.resource import Manifest, Phase, Resource
from compiler.upstream.prerequisites import prerequisites, vendored

_TIMEOUT = "10m"
# What a custom resource's controller says once it is done: (group, kind) to a kubectl condition.
READY = {
    ("postgresql.cnpg.io", "Cluster"): "condition=Ready",
    ("ceph.rook.io", "CephObjectStore"): "jsonpath={.status.phase}=Ready",
    ("ceph.rook.io", "CephObjectStoreUser"): "jsonpath={.status.phase}=Ready",
    ("objectbucket.io", "ObjectBucketClaim"): "jsonpath={.status.phase}=Bound",
    ("external-secrets.io", "ExternalSecret"): "condition=Ready",
    ("serving.kserve.io", "InferenceService"): "condition=Ready",
    ("serving.knative.dev", "Service"): "condition=Ready",
    ("mlops.seldon.io", "Model"): "condition=Ready",
}


class Step(Struct, frozen=True):
    """Commands that belong together, and what they are for."""

    title: str
    commands: tuple[str, ...]


class SpecLocation(Struct, frozen=True):
    """Where the commands are typed: how they name the spec, and what lies beside it."""

    spec: Path = Path("platform.yaml")

    @property
    def options(self) -> str:
        """What stands behind every platformc command."""
        return "" if self.spec == Path("platform.yaml") else f" -f {shlex.quote(str(self.spec))}"

    def beside(self, path: str) -> str:
        return shlex.quote(str(self.spec.parent / path))


def plan(lowered: Lowered, place: SpecLocation) -> Iterator[Step]:
    """How to deliver an environment: from the files in out/, or rendered on the way without."""
    environment = lowered.platform.environment
    yield from _before(lowered, place)
    for wave, objects in waves(lowered).items():
        apply = "kubectl apply --server-side -f"
        if lowered.platform.settings.rendered:
            command = f"{apply} {place.beside(f'out/{environment}/{wave_file(wave)}')}"
        else:
            render = f"platformc render {environment}{place.options} --wave {wave}"
            command = f"{render} | {apply} -"
        yield Step(f"wave {wave}, {Phase.of(wave).name.lower()}", (command, *_waits(objects)))
        # An operator makes them in a wave of their own.
        operator = lowered.platform.settings.secrets.provider == "external-secrets"
        if wave == Phase.NAMESPACES and lowered.credentials and not operator:
            yield _secrets(lowered, place)


def _before(lowered: Lowered, place: SpecLocation) -> Iterator[Step]:
    """Upstream systems: what somebody must have installed, and what is brought along."""
    environment = f"{lowered.platform.environment}{place.options}"
    there = ", ".join(one.system for one in prerequisites(lowered.graph))
    if there:
        yield Step(f"there already: {there} (platformc prerequisites {environment})", ())
    for one in vendored(lowered.graph):
        folder = place.beside(f"operators/{one.name}")
        yield Step(one.system, (f"kubectl apply --server-side -k {folder}",))


def deletions(before: Lowered, after: Lowered) -> Step:
    """What an earlier tree had and this one lacks, last things first; never what holds data."""
    kept = {Resource(one).id for one in manifests(after)}
    gone = (Resource(one) for one in reversed(manifests(before)) if Resource(one).id not in kept)
    commands = tuple(_delete(one) for one in gone if one.kind not in KEPT)
    return Step("what is gone", commands)


def _delete(one: Resource) -> str:
    group, kind, space, name = one.id
    what = f"{kind.lower()}.{group}" if group else kind.lower()
    where = f" -n {space}" if space else ""
    return f"kubectl delete {what} {name}{where} --ignore-not-found"


def _secrets(lowered: Lowered, place: SpecLocation) -> Step:
    match lowered.platform.settings.secrets.provider:
        case "existing":
            list_ = f"platformc secrets list {lowered.platform.environment}{place.options}"
            there = _grouped("create", "secret", lowered.credentials)
            return Step("credentials: make each of these, as listed", (list_, *there))
        case "local":
            title = "credentials: random ones, in a folder that Git ignores"
        case _:
            title = "credentials: encrypted ones, to commit"
    return Step(title, made(lowered, place))


def made(
    lowered: Lowered, place: SpecLocation, rotated: Iterable[Credential] = ()
) -> tuple[str, ...]:
    """How credentials that are made with a command come to exist; none where an operator does."""
    environment = lowered.platform.environment
    options = "".join(f" --rotate {one.name}" for one in rotated)
    generate = f"platformc secrets generate {environment}{place.options}{options}"
    folder = place.beside(f"secrets/{environment}")
    # Server-side: otherwise kubectl would keep a copy of the values in an annotation.
    apply = f"kubectl apply --server-side -k {folder}"
    match lowered.platform.settings.secrets.provider:
        case "local":
            return (generate, apply)
        case "sealed-secrets":
            opened = _grouped("condition=Synced", "sealedsecret", lowered.credentials)
            return (generate, apply, *opened)
        case "sops":
            decrypt = 'sops decrypt "$file" | kubectl apply --server-side -f -'
            return (generate, f"for file in {folder}/*.sops.yaml; do {decrypt}; done")
    return ()


def _grouped(condition: str, kind: str, credentials: Iterable[Credential]) -> Iterator[str]:
    """Waits for an object of each credential in each of its namespaces."""
    places = sorted((space, one.name) for one in credentials for space in one.namespaces)
    for space, of_space in groupby(places, key=itemgetter(0)):
        names = " ".join(f"{kind}/{name}" for _, name in of_space)
        yield f"kubectl wait --for={condition} {names} -n {space} --timeout={_TIMEOUT}"


def _waits(manifests: Iterable[Manifest]) -> Iterator[str]:
    """A command for each server, and one for all things of a namespace that are told alike."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for manifest in manifests:
        name, space = manifest["metadata"]["name"], manifest["metadata"].get("namespace", "")
        where = f" -n {space}" if space else ""
        if manifest["apiVersion"].startswith("apps/"):
            server = f"{manifest['kind'].lower()}/{name}"
            yield f"kubectl rollout status {server}{where} --timeout={_TIMEOUT}"
        elif found := _condition(manifest):
            kind, condition, limit = found
            alike.setdefault((condition, where, limit), []).append(f"{kind}/{name}")
    for (condition, where, limit), names in alike.items():
        yield f"kubectl wait --for={condition} {' '.join(names)}{where} --timeout={limit}"


def _condition(manifest: Manifest) -> tuple[str, str, str] | None:
    """As what kubectl knows an object, what it says once it does what it is for, how long at most."""
    kind, group = manifest["kind"], manifest["apiVersion"].rpartition("/")[0]
    if kind == "Job" and group == "batch":
        deadline = manifest["spec"].get("activeDeadlineSeconds")
        return "job", "condition=Complete", f"{deadline}s" if deadline else _TIMEOUT
    if kind == "CustomResourceDefinition":
        return "crd", "condition=Established", "1m"
    ready = READY.get((group, kind))
    return (f"{kind.lower()}.{group}", f"'{ready}'", _TIMEOUT) if ready else None
