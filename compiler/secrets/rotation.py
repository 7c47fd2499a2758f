"""Plan a rotation: the order in which a Secret changes and its readers restart.

Pods read their variables when they start, so they do not see a new value. First come the objects
that give it to the server (Jobs that create roles and keys, then servers and poolers that read it
at start), then the consumer; other pods keep running. Models share the key that downloads their
files, which each pod needs only once: they restart only for keys that they use directly.

A step that only a person can do stops the shell until a variable is set, so that an incomplete plan
does not look complete.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from msgspec import Struct

from compiler.delivery.credentials import generation
from compiler.delivery.steps import TIMEOUT, SpecLocation, Step
from compiler.derive import external_secrets
from compiler.derive.credentials import secret_names, secrets_of
from compiler.kube.labels import COMPONENT, INSTANCE
from compiler.model.credential import Credential, Random
from compiler.model.custom_resource import CustomResource, kubectl_kind
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered, Package
from compiler.model.resource import Resource, pod_template
from compiler.secrets import at_once
from compiler.secrets.makers import maker
from compiler.text import shell_stop


def plan(
    lowered: Lowered, credentials: tuple[Credential, ...], location: SpecLocation
) -> Iterator[Step]:
    """The steps in order: new values, then a restart of each reader."""
    yield from _values(lowered, credentials, location)
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


def _values(
    lowered: Lowered, credentials: tuple[Credential, ...], location: SpecLocation
) -> Iterator[Step]:
    """Create the new values, and let services outside the platform know them."""
    changes = tuple(_by_hand(lowered, credentials))
    stops = Step("by hand", tuple(change.stop for change in changes))
    renewed = tuple(_renewed(lowered, credentials, location))
    if changes and lowered.platform.settings.secrets.are_stored_outside:
        yield stops
    for credential in credentials:
        if credential.remove_command:
            title = f"{credential.name} is taken out of the server's data, to be made again"
            yield Step(title, (credential.remove_command,))
    if changes and not lowered.platform.settings.secrets.are_stored_outside:
        # Values are created once, even if the plan is started several times before it completes.
        confirmed = " && ".join(f'[ "${{{change.variable}:-}}" ]' for change in changes)
        yield Step("new values", tuple(f"{{ {confirmed}; }} || {line}" for line in renewed))
        yield stops
    elif renewed:
        yield Step("new values", renewed)


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


def _renewed(
    lowered: Lowered, credentials: tuple[Credential, ...], location: SpecLocation
) -> Iterator[str]:
    """The commands that create new values, by the provider."""
    secrets = lowered.platform.settings.secrets
    match secrets.provider:
        case "local" | "sealed-secrets" | "sops":
            yield from generation(lowered, location, credentials)
        case "external-secrets" if secrets.store is None:
            for credential in credentials:
                yield from _recreated(external_secrets.source(credential), credential.namespaces[0])
                yield from _copies_recreated(credential)
        case "external-secrets":
            for credential in credentials:
                yield from _copies_recreated(credential)


class _ByHand(Struct, frozen=True):
    """A step for a person, and the variable that confirms it."""

    variable: str
    task: str

    @property
    def stop(self) -> str:
        again = f"then run this again with {self.variable}=yes"
        return shell_stop(self.variable, f"{self.task}, {again}")


def _by_hand(lowered: Lowered, credentials: tuple[Credential, ...]) -> Iterator[_ByHand]:
    """Changes of values in their store, and at services outside the platform."""
    outside = lowered.platform.settings.secrets.are_stored_outside
    for credential in credentials:
        hosts = sorted({binding.host for binding in lowered.graph.bindings
                        if binding.offer.external and binding.secret == credential.name})  # fmt: skip
        notice = f"let {' and '.join(hosts)} know the Secret {credential.name}" if hosts else ""
        store = (
            maker(lowered, credential)
            if lowered.platform.settings.secrets.store
            else "where it is kept"
        )
        changed = ", ".join(_rotated(credential))
        change_task = f"change {changed} of {credential.name} ({store})" if outside else ""
        task = " and ".join(filter(None, (change_task, notice)))
        if task:
            yield _ByHand(f"{re.sub(r'[^A-Z0-9]', '_', credential.name.upper())}_CHANGED", task)


def _rotated(credential: Credential) -> list[str]:
    """The keys with secret values. A server keeps a login under its old name, so the name stays."""
    return [key for key, kind in credential.keys.items() if isinstance(kind, Random)] or [
        *credential.keys
    ]


def _copies_recreated(credential: Credential) -> Iterator[str]:
    for space in credential.namespaces:
        yield from _recreated(credential.name, space)


def _recreated(name: str, space: str) -> Iterator[str]:
    """Delete a Secret, and let External Secrets create it again with the new value.

    Running pods already have their values. Wait until the Secret exists again: ExternalSecret has
    no condition for that.
    """
    forget = '{"status": {"syncedResourceVersion": null}}'
    yield f"kubectl delete secret {name} -n {space}"
    yield (
        f"kubectl patch externalsecret {name} -n {space} --subresource=status --type=merge "
        f"-p '{forget}'"
    )
    yield f"kubectl wait --for=create secret/{name} -n {space} --timeout=2m"


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
