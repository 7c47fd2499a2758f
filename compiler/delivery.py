"""The order of delivery as kubectl needs it told: commands, wave by wave, each with its waits.

Argo CD waits for a wave's health by itself; kubectl is told object by object what healthy means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from compiler.derive.order import KEPT
from compiler.emit import manifests, wave_file, waves
from compiler.model.package import Lowered
from compiler.model.resource import Manifest, Phase, Resource
from compiler.upstream import vendored

_TIMEOUT = "10m"
# What a custom resource's controller says once it is done: (group, kind) to a kubectl condition.
_READY = {
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


def plan(lowered: Lowered, *, out: str | None, options: str = "") -> Iterator[Step]:
    """How to deliver an environment: from the files in `out`, or rendered on the way without.

    `options` stand behind every platformc command, such as ` -f other.yaml`.
    """
    environment = f"{lowered.platform.environment}{options}"
    for one in vendored(lowered.graph):
        yield Step(one.system, (f"kubectl apply --server-side -k operators/{one.name}",))
    for wave, objects in waves(lowered).items():
        source = f"{out}/{wave_file(wave)}" if out else "-"
        apply = f"kubectl apply --server-side -f {source}"
        if not out:
            apply = f"platformc render {environment} --wave {wave} | {apply}"
        title = f"wave {wave}, {Phase.of(wave).name.lower()}"
        yield Step(title, (apply, *_waits(objects)))
        operator = lowered.platform.settings.secrets.provider == "external-secrets"
        if wave == Phase.NAMESPACES and lowered.credentials and not operator:
            yield _secrets(lowered, environment)


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


def _secrets(lowered: Lowered, environment: str) -> Step:
    if lowered.platform.settings.secrets.provider == "existing":
        return Step("credentials", (f"platformc secrets list {environment}",))
    return Step("credentials", made(lowered, environment))


def made(lowered: Lowered, environment: str) -> tuple[str, ...]:
    """How credentials that are made with a command come to exist; none where an operator does.

    `environment` may be followed by options of the command.
    """
    folder = f"secrets/{lowered.platform.environment}"
    generate = f"platformc secrets generate {environment}"
    match lowered.platform.settings.secrets.provider:
        case "local" | "sealed-secrets":
            return (generate, f"kubectl apply -k {folder}")
        case "sops":
            decrypt = 'sops decrypt "$file" | kubectl apply -f -'
            return (generate, f"for file in {folder}/*.sops.yaml; do {decrypt}; done")
    return ()


def _waits(manifests: Iterable[Manifest]) -> Iterator[str]:
    for manifest in manifests:
        condition = _condition(manifest)
        if condition:
            metadata = manifest["metadata"]
            space = metadata.get("namespace")
            yield f"kubectl {condition}" + (f" -n {space}" if space else "")


def _condition(manifest: Manifest) -> str | None:
    """The kubectl command that ends once an object does what it is for."""
    kind, name = manifest["kind"], manifest["metadata"]["name"]
    group = manifest["apiVersion"].rpartition("/")[0]
    if group == "apps":
        return f"rollout status {kind.lower()}/{name} --timeout={_TIMEOUT}"
    if kind == "Job" and group == "batch":
        deadline = manifest["spec"].get("activeDeadlineSeconds")
        limit = f"{deadline}s" if deadline else _TIMEOUT
        return f"wait --for=condition=Complete job/{name} --timeout={limit}"
    if kind == "CustomResourceDefinition":
        return f"wait --for=condition=Established crd/{name} --timeout=1m"
    ready = _READY.get((group, kind))
    return (
        f"wait --for='{ready}' {kind.lower()}.{group}/{name} --timeout={_TIMEOUT}"
        if ready
        else None
    )
