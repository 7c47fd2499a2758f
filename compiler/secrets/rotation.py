"""Plan a rotation: the order in which a Secret changes and its readers restart.

Pods read their variables when they start, so they do not see a new value. First come the objects
that give it to the server (Jobs that create roles and keys, then servers and poolers that read it
at start), then the consumer; other pods keep running. Models share the key that downloads their
files, which each pod needs only once: they restart only for keys that they use directly.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from compiler.delivery.steps import TIMEOUT, SpecLocation, Step
from compiler.derive.credentials import secret_names, secrets_of
from compiler.kube.labels import COMPONENT, INSTANCE
from compiler.model.credential import Credential
from compiler.model.custom_resource import CustomResource, kubectl_kind
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered, Package
from compiler.model.resource import Resource, pod_template
from compiler.secrets import at_once
from compiler.secrets.new_values import new_values


def plan(
    lowered: Lowered, credentials: tuple[Credential, ...], location: SpecLocation
) -> Iterator[Step]:
    """The steps in order: new values, then a restart of each reader."""
    yield from new_values(lowered, credentials, location)
    for credential in credentials:
        if credential.change_command:
            yield Step(
                f"{credential.name} is kept in the server's data", (credential.change_command,)
            )
    names = {credential.name for credential in credentials if not credential.change_command}
    consumers = {binding.consumer.name for binding in lowered.graph.bindings
                 if binding.endpoint().secret in names}  # fmt: skip
    changed_by_command = {
        credential.name for credential in credentials if credential.change_command
    }
    logins_from_env = {credential.name for credential in credentials if credential.login_from_env}
    readers = list(_readers(lowered, names, changed_by_command, logins_from_env))
    readers.sort(key=lambda pair: (pair[0].name in consumers, pair[0].wave(pair[1]), pair[1].name))
    root = location.sibling(f"overlays/{lowered.platform.environment}")
    between_pods = {credential.name for credential in credentials if credential.between_pods}
    peers, in_turn = _divided(readers, between_pods)
    for name, pairs in groupby(peers, key=lambda pair: pair[0].name):
        yield at_once.restart(name, [resource for _, resource in pairs])
    for package, resource in in_turn:
        commands = _restart(resource, root, consumes=package.name in consumers)
        if commands:
            yield Step(f"{package.name} reads it", commands)
    for credential in credentials:
        for workload in credential.restart:
            yield Step(f"upstream's {workload} reads it", _rollout(workload))


_Readers = list[tuple[Package, Resource]]


def _divided(readers: _Readers, between_pods: set[str]) -> tuple[_Readers, _Readers]:
    """The servers whose pods log in to each other with one of these Secrets, by instance; and the other readers."""
    peers: _Readers = []
    in_turn: _Readers = []
    for pair in readers:
        is_peer = pair[1].kind == "StatefulSet" and between_pods & set(secrets_of(pair[1]))
        (peers if is_peer else in_turn).append(pair)
    return sorted(peers, key=lambda pair: pair[0].name), in_turn


def _readers(
    lowered: Lowered, names: set[str], changed_by_command: set[str], logins_from_env: set[str]
) -> Iterator[tuple[Package, Resource]]:
    """The objects that read one of the changed Secrets when they start."""
    for package in lowered.all_packages:
        for resource in package.resources:
            server, *sidecars = _containers(resource.manifest) or [{}]
            if (
                names & set(secrets_of(resource))
                # The server reads these only on an empty volume; its sidecars read them at every start.
                or changed_by_command & set(secret_names(sidecars))
                # The next rotation logs in with the server's variable, so the variable must be new.
                or (logins_from_env & set(secret_names(server)) and resource.kind == "StatefulSet")
            ):
                yield package, resource


def _containers(manifest: Manifest) -> list[Manifest]:
    template = pod_template(manifest)
    return template["spec"]["containers"] if template else []


def _restart(resource: Resource, root: str, *, consumes: bool) -> tuple[str, ...]:
    """The commands by which the pods of an object see the new value."""
    name, space = resource.name, f"-n {resource.namespace}"
    if resource.custom is not None:
        return _deletion(resource, resource.custom) if resource.custom.restarts_by_deletion else ()
    match resource.kind:
        case "Deployment" | "StatefulSet" | "DaemonSet":
            return _rollout(f"{resource.kind.lower()}/{name} {space}")
        # A server's Job gives it the new value; a consumer's Job is done.
        case "Job" if not consumes:
            return (
                f"kubectl delete job {name} {space} --ignore-not-found",
                f"kubectl apply --server-side -k {root} -l {_selector(resource)}",
                f"kubectl wait --for=condition=Complete job/{name} {space} --timeout={TIMEOUT}",
            )
    return ()  # a CronJob reads it at the next run, and operators watch their Secrets


def _deletion(resource: Resource, custom: CustomResource) -> tuple[str, ...]:
    """Delete the pods that an operator created for an object, and wait for the next ones."""
    assert custom.pods is not None, custom.kind
    space, kind = f"-n {resource.namespace}", kubectl_kind(resource.manifest)
    return (
        f"kubectl delete pod {space} -l {custom.pods.name_label}={resource.name}",
        f"kubectl wait --for={custom.ready} {kind}/{resource.name} {space} --timeout={TIMEOUT}",
    )


def _selector(resource: Resource) -> str:
    """Labels that no other object has, so that the command applies nothing else."""
    labels = resource.manifest["metadata"].get("labels", {})
    keys = (INSTANCE, COMPONENT)
    return ",".join(f"{key}={labels[key]}" if key in labels else f"!{key}" for key in keys)


def _rollout(workload: str) -> tuple[str, ...]:
    return (
        f"kubectl rollout restart {workload}",
        f"kubectl rollout status {workload} --timeout={TIMEOUT}",
    )
