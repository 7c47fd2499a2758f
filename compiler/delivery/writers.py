"""Find the clients of instances whose data is replaced or moved, and write the commands that stop them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Set
from itertools import groupby

from compiler.delivery.steps import TIMEOUT
from compiler.kube.labels import INSTANCE
from compiler.model.custom_resource import kubectl_kind
from compiler.model.package import Lowered
from compiler.model.prerequisite import Client
from compiler.model.resource import Resource
from compiler.upstream.prerequisites import prerequisites, vendored

STARTED = "start the Deployments of upstream systems again, with the number of pods in their releases; yours may differ"
STOPPED = (
    "stop the writers: pause Argo CD or Flux first, which would start them again; stop running Jobs and pods "
    "elsewhere yourself"
)


def clients(lowered: Lowered, providers: Set[str]) -> set[str]:
    """The instances that are bound to some providers, directly or through a pooler."""
    return {
        binding.consumer.name
        for binding in lowered.graph.bindings
        if binding.provider.name in providers and binding.consumer.name not in providers
    }


def freeze(lowered: Lowered, providers: Set[str], *, copies: bool = False) -> tuple[str, ...]:
    """The commands that stop the clients and wait for the end of their pods; none if no client runs.

    With `copies`, the providers' own schedules stop too: a backup would copy data that is half replaced.
    """
    running = deployments(lowered, providers)
    on_schedule = schedules(lowered, providers, copies=copies)
    stops = [scale(resource, 0) for resource in running]
    stops += [_set_suspend(resource, value=True) for resource in on_schedule]
    waits = [line for resource in running for line in wait_for_end(resource)]
    upstream = upstream_clients(lowered, providers)
    return (
        *(_scale_upstream(client, 0) for client in upstream),
        *stops,
        *(_wait_for_pods(client.labels, client.namespace) for client in upstream),
        *waits,
        *_ends_of_jobs(on_schedule),
        *_ends_of_pods(templates(lowered, providers)),
        *_ends_of_upstream_runs(upstream),
        *_still(running, "replicas", "0"),
        *_still(on_schedule, "suspend", "true"),
    )


def _ends_of_jobs(on_schedule: Iterable[Resource]) -> Iterator[str]:
    """Wait for the runs that CronJobs have started before they were suspended: a run may still write, or copy."""
    for space, names in _by_namespace(job for job in on_schedule if job.custom is None):
        runs = f"kubectl get {names} -n {space} -o jsonpath='{{..status.active[*].name}}'"
        yield _until_none(runs, "Jobs")


def _ends_of_pods(run_templates: Iterable[Resource]) -> Iterator[str]:
    """Wait for the pods of the runs that an operator has made of templates.

    The operator may be stopped: then it does not say which of its runs go on.
    """
    for space, alike in groupby(sorted(run_templates, key=_namespace), key=_namespace):
        owners = ",".join(resource.name for resource in alike)
        yield _wait_for_runs(f"-n {space} -l '{INSTANCE} in ({owners})'")


def _ends_of_upstream_runs(upstream: Iterable[Client]) -> Iterator[str]:
    """Wait for the pods of all other runs of an upstream system, which are objects of no spec."""
    for label in dict.fromkeys(client.run_label for client in upstream if client.run_label):
        yield _wait_for_runs(f"--all-namespaces -l {label}")


def _wait_for_runs(pods_of_runs: str) -> str:
    unfinished = "--field-selector=status.phase!=Succeeded,status.phase!=Failed"
    return _until_none(f"kubectl get pods {pods_of_runs} {unfinished} -o name", "runs")


def _until_none(listing: str, noun: str) -> str:
    """Wait until a command lists nothing. A command that fails says nothing about the runs, and is repeated."""
    return (
        f'until runs=$({listing}) && [ -z "$runs" ]; do '
        f'echo "waiting for the end of these {noun}, or their deletion: $runs"; sleep 10; done'
    )


def _still(stopped: Iterable[Resource], field: str, value: str) -> Iterator[str]:
    """The commands that fail where a deliverer, such as Argo CD with `selfHeal`, has undone a stop meanwhile."""
    for space, names in _by_namespace(stopped):
        yield f"kubectl wait {names} -n {space} --for=jsonpath='{{.spec.{field}}}'={value} --timeout=5s"


def _by_namespace(resources: Iterable[Resource]) -> Iterator[tuple[str, str]]:
    """The namespaces of some objects, each with their names for kubectl."""
    for space, alike in groupby(sorted(resources, key=_namespace), key=_namespace):
        yield space, " ".join(_kubectl_name(resource) for resource in alike)


def _namespace(resource: Resource) -> str:
    return str(resource.manifest["metadata"]["namespace"])


def thaw(lowered: Lowered, providers: Set[str], *, copies: bool = False) -> tuple[str, ...]:
    """The commands that start again what `freeze` stops."""
    running = deployments(lowered, providers)
    # Without a number, as for an autoscaler, it starts with one pod.
    starts = [scale(resource, resource.manifest["spec"].get("replicas", 1)) for resource in running]
    starts += [
        _set_suspend(resource, value=False)
        for resource in schedules(lowered, providers, copies=copies)
    ]
    return (*starts, *upstream_starts(lowered, providers))


def upstream_starts(lowered: Lowered, providers: Set[str]) -> tuple[str, ...]:
    """The commands that start again the clients in upstream systems."""
    upstream = upstream_clients(lowered, providers)
    return tuple(_scale_upstream(client, client.replicas) for client in upstream)


def upstream_clients(lowered: Lowered, providers: Set[str]) -> list[Client]:
    """The Deployments of every client that is an upstream system, and those that start runs for a client.

    Pipelines have their runs from a system that may use another store.
    """
    names = clients(lowered, providers)
    used = {binding.provider.name for binding in lowered.graph.bindings
            if binding.consumer.name in names}  # fmt: skip
    systems = (*prerequisites(lowered.graph), *vendored(lowered.graph))
    return [
        client
        for system in systems
        for client in system.clients
        if system.name in names or (client.run_label and system.name in used)
    ]


def deployments(lowered: Lowered, providers: Set[str]) -> list[Resource]:
    """The Deployments of every client."""
    objects = _objects(lowered, clients(lowered, providers))
    return [resource for resource in objects if resource.kind == "Deployment"]


def schedules(lowered: Lowered, providers: Set[str], *, copies: bool) -> list[Resource]:
    """The objects of every client, and with `copies` of the providers, that start runs on their schedules."""
    names = clients(lowered, providers) | (providers if copies else set())
    return [
        resource
        for resource in _objects(lowered, names)
        if _is_schedule(resource) and not resource.manifest["spec"].get("suspend")
    ]


def _is_schedule(resource: Resource) -> bool:
    return resource.custom.on_schedule if resource.custom else resource.kind == "CronJob"


def templates(lowered: Lowered, providers: Set[str]) -> list[Resource]:
    """The objects of every client of which an operator makes runs."""
    objects = _objects(lowered, clients(lowered, providers))
    return [resource for resource in objects if resource.custom and resource.custom.start]


def _objects(lowered: Lowered, names: Set[str]) -> list[Resource]:
    return [
        resource
        for name in sorted(names & set(lowered.packages))
        for resource in lowered.packages[name].resources
    ]


def scale(resource: Resource, replicas: int) -> str:
    return f"kubectl scale {_named(resource)} --replicas={replicas}"


def _scale_upstream(client: Client, replicas: int) -> str:
    return (
        f"kubectl scale deployment/{client.deployment} -n {client.namespace} --replicas={replicas}"
    )


def _set_suspend(resource: Resource, *, value: bool) -> str:
    patch = json.dumps({"spec": {"suspend": value}}, separators=(",", ":"))
    # An API server merges lists by their keys only for Kubernetes' own kinds, and refuses to do it for others.
    form = " --type=merge" if resource.custom else ""
    return f"kubectl patch {_named(resource)}{form} -p '{patch}'"


def wait_for_end(resource: Resource) -> Iterator[str]:
    """Wait until the pods of a Deployment have ended: a pod that ends may still write."""
    labels = resource.manifest["spec"]["selector"]["matchLabels"]
    yield _wait_for_pods(labels, _namespace(resource))


def _wait_for_pods(labels: Mapping[str, str], space: str) -> str:
    selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    return f"kubectl wait pod -l {selector} -n {space} --for=delete --timeout={TIMEOUT}"


def _named(resource: Resource) -> str:
    return f"{_kubectl_name(resource)} -n {_namespace(resource)}"


def _kubectl_name(resource: Resource) -> str:
    return f"{kubectl_kind(resource.manifest)}/{resource.name}"
