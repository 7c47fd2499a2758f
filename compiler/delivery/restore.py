"""Restore backups: to a new cluster, or over existing data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from msgspec import Struct

from compiler.delivery.apply_plan import SpecLocation, Step, plan
from compiler.model.package import Lowered, Package
from compiler.model.resource import Manifest, Phase, Resource

ROLE = "app.kubernetes.io/component"


class Wish(Struct, frozen=True):
    """The data to restore, its time, and whether existing data may be overwritten."""

    only: str | None = None
    at: str | None = None  # as the names of copies: 20261128T020000Z
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
    variables = {"AT": wish.at, "REPLACE": "yes" if wish.replace else None}
    set_variables = _patch(resource.manifest, {k: v for k, v in variables.items() if v})
    make = f"kubectl create job {name} -n {space} --from=cronjob/{resource.name}"
    told = f"{make} --dry-run=client -o yaml | {set_variables} | kubectl create -f -"
    return Step(
        f"restore {resource.name.removesuffix('-restore')}",
        (
            f"kubectl delete job {name} -n {space} --ignore-not-found",
            told if set_variables else make,
            f"kubectl wait job/{name} -n {space} --for=condition=complete --timeout=6h",
            f"kubectl logs job/{name} -n {space}",
        ),
    )


def _patch(manifest: Manifest, variables: dict[str, str]) -> str:
    """Sets variables of all containers of a Job that is not made yet."""
    spec = manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    places = [
        f"/spec/template/spec/{kind}/{index}/env/-"
        for kind in ("initContainers", "containers")
        for index in range(len(spec.get(kind, ())))
    ]
    operations = [
        {"op": "add", "path": path, "value": {"name": name, "value": text}}
        for path in places
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


def _writers(lowered: Lowered, restored: set[str]) -> Iterator[Resource]:
    """The Deployments of every instance that is bound to the restored instance, directly or by a
    pooler.
    """
    clients = {
        binding.consumer.name
        for binding in lowered.graph.bindings
        if binding.provider.name in restored and binding.consumer.name not in restored
    }
    for name in sorted(clients & set(lowered.packages)):
        for resource in lowered.packages[name].resources:
            if resource.kind == "Deployment":
                yield resource
