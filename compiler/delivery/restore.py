"""Restore backups: to a new cluster, or over existing data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from msgspec import Struct

from compiler.delivery.apply_plan import SpecLocation, Step, plan
from compiler.model.credential import Credential
from compiler.model.custom_resource import at
from compiler.model.instance import REPLACES
from compiler.model.package import Lowered, Package
from compiler.model.resource import Manifest, Phase, Resource

ROLE = "app.kubernetes.io/component"


class Wish(Struct, frozen=True):
    """The data to restore, its time and origin, and whether existing data may be overwritten."""

    only: str | None = None
    at: str | None = None  # as the names of copies: 20261128T020000Z
    origin: str | None = None  # another platform, whose copies are accepted
    replace: bool = False


def restorable(lowered: Lowered) -> list[tuple[Package, Resource]]:
    """The CronJobs that restore: objects first, so that every row finds what it names."""
    found = [
        (package, resource)
        for package in lowered.packages.values()
        for resource in package.resources
        if resource.kind == "CronJob"
        and resource.manifest["metadata"]["labels"].get(ROLE) == "restore"
    ]
    return sorted(found, key=lambda pair: (pair[0].phase, pair[0].name))


def unprepared(lowered: Lowered, only: str | None) -> list[tuple[str, str]]:
    """Instances that an operator copies and would make empty, with the way to have them restored."""
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


def irreplaceable(lowered: Lowered, only: str | None) -> list[Credential]:
    """Credentials that no new ones can stand in for: copies and databases are encrypted with them."""
    restored = {package.name for package, _ in restorable(lowered) if only in (None, package.name)}
    readers = restored | _clients(lowered, restored)
    return sorted(
        (
            credential
            for credential in lowered.credentials
            if credential.immutable_reason and readers & set(credential.readers)
        ),
        key=lambda credential: credential.name,
    )


def steps(lowered: Lowered, location: SpecLocation, wish: Wish) -> Iterator[Step]:
    """The plan. To a new cluster, servers come after the data that they would otherwise make anew."""
    chosen = [pair for pair in restorable(lowered) if wish.only in (None, pair[0].name)]
    restores = [_restore(resource, wish) for _, resource in chosen]
    if wish.replace:
        yield from _in_place(lowered, [package.name for package, _ in chosen], restores)
        return
    waiting = True
    for step in plan(lowered, location):
        if waiting and step.phase >= Phase.SERVERS:
            yield from restores
            waiting = False
        yield step
    if waiting:
        yield from restores


def _restore(resource: Resource, wish: Wish) -> Step:
    name, space = f"{resource.name}-now", resource.manifest["metadata"]["namespace"]
    settings = {"AT": wish.at, "FROM": wish.origin, "REPLACE": "yes" if wish.replace else None}
    set_variables = _patch(resource.manifest, {k: v for k, v in settings.items() if v})
    make = f"kubectl create job {name} -n {space} --from=cronjob/{resource.name}"
    changed = f"{make} --dry-run=client -o yaml | {set_variables} | kubectl create -f -"
    effect = resource.manifest["metadata"].get("annotations", {}).get(REPLACES, "")
    return Step(
        f"restore {resource.name.removesuffix('-restore')}"
        + (f": {effect}" if wish.replace and effect else ""),
        (
            # Without one of them the pod would wait for it until its deadline.
            f"kubectl get secret {' '.join(_secrets(resource.manifest))} -n {space} -o name",
            f"kubectl delete job {name} -n {space} --ignore-not-found",
            changed if set_variables else make,
            # `kubectl wait` waits for one condition alone, and a restore may also be refused.
            f"until kubectl get job {name} -n {space} -o jsonpath='{{.status.conditions[*].type}}' | "
            "grep -Eq 'Complete|Failed'; do sleep 5; done",
            f"kubectl logs job/{name} -n {space} --all-containers",
            f"kubectl wait job/{name} -n {space} --for=condition=complete --timeout=1m",
        ),
    )


def _pod(manifest: Manifest) -> Manifest:
    spec: Manifest = manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return spec


def _secrets(manifest: Manifest) -> list[str]:
    """The Secrets that the variables of a CronJob's containers refer to."""
    pod = _pod(manifest)
    return sorted(
        {
            variable["valueFrom"]["secretKeyRef"]["name"]
            for container in (*pod.get("initContainers", ()), *pod["containers"])
            for variable in container.get("env", ())
            if "secretKeyRef" in variable.get("valueFrom", {})
        }
    )


def _patch(manifest: Manifest, variables: dict[str, str]) -> str:
    """Sets variables of all containers of a Job that is not made yet."""
    pod = _pod(manifest)
    paths = [
        f"/spec/template/spec/{kind}/{index}/env/-"
        for kind in ("initContainers", "containers")
        for index in range(len(pod.get(kind, ())))
    ]
    operations = [
        {"op": "add", "path": path, "value": {"name": name, "value": text}}
        for path in paths
        for name, text in variables.items()
    ]
    if not operations:
        return ""
    return f"kubectl patch --local -f - --type=json -o yaml -p '{json.dumps(operations)}'"


def _in_place(lowered: Lowered, restored: Sequence[str], restores: list[Step]) -> Iterator[Step]:
    writers = list(_writers(lowered, set(restored)))
    stop = tuple(
        f"kubectl scale {resource.kind.lower()}/{resource.name} "
        f"-n {resource.manifest['metadata']['namespace']} --replicas=0"
        for resource in writers
    )
    start = tuple(
        f"kubectl scale {resource.kind.lower()}/{resource.name} "
        f"-n {resource.manifest['metadata']['namespace']} "
        f"--replicas={resource.manifest['spec']['replicas']}"
        for resource in writers
    )
    if stop:
        yield Step(
            "stop what writes; what has no replicas (Jobs, pods elsewhere) is yours to stop", stop
        )
    yield from restores
    if start:
        yield Step("start it again", start)


def _clients(lowered: Lowered, providers: set[str]) -> set[str]:
    """The instances that are bound to some providers, directly or by a pooler."""
    return {
        binding.consumer.name
        for binding in lowered.graph.bindings
        if binding.provider.name in providers and binding.consumer.name not in providers
    }


def _writers(lowered: Lowered, restored: set[str]) -> Iterator[Resource]:
    """The Deployments of every client of the restored instances."""
    for name in sorted(_clients(lowered, restored) & set(lowered.packages)):
        for resource in lowered.packages[name].resources:
            if resource.kind == "Deployment":
                yield resource
