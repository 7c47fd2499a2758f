"""Rotation: in which order a Secret becomes another, and who must start again to see it.

Pods read their variables when they start, so a new value reaches nobody by itself. First come the
objects that tell a server of it (Jobs that make roles and keys, then servers and poolers that read
it at start), then the consumer; who does not read it is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.delivery import Step, made
from compiler.derive.credentials import secret_names
from compiler.model.credential import Credential
from compiler.model.package import Lowered, Package
from compiler.model.resource import Resource

_TIMEOUT = "10m"


def plan(lowered: Lowered, credentials: tuple[Credential, ...]) -> Iterator[Step]:
    """The steps, in order: new values, then each reader of them once."""
    yield Step("new values", tuple(_renewed(lowered, credentials)))
    for credential in credentials:
        if credential.kept:
            yield Step(f"{credential.name} is kept in the server's data", (credential.kept,))
    names = {credential.name for credential in credentials if not credential.kept}
    consumers = {binding.consumer.name for binding in lowered.graph.bindings
                 if binding.endpoint().secret in names}  # fmt: skip
    readers = list(_readers(lowered, names))
    readers.sort(key=lambda one: (one[0].name in consumers, one[0].wave(one[1]), one[1].name))
    environment = str(lowered.platform.environment)
    for package, resource in readers:
        commands = _restart(resource, environment, consumes=package.name in consumers)
        if commands:
            yield Step(f"{package.name} reads it", commands)


def _readers(lowered: Lowered, names: set[str]) -> Iterator[tuple[Package, Resource]]:
    for package in lowered.packages.values():
        for resource in package.resources:
            if names & set(secret_names(resource.manifest)):
                yield package, resource


def _renewed(lowered: Lowered, credentials: tuple[Credential, ...]) -> Iterator[str]:
    secrets = lowered.platform.settings.secrets
    environment = str(lowered.platform.environment)
    match secrets.provider:
        case "local" | "sealed-secrets" | "sops":
            options = "".join(f" --rotate {one.name}" for one in credentials)
            yield from made(lowered, f"{environment}{options}")
        case "external-secrets" if secrets.store is None:
            yield from _made_again(credentials)
        case _:
            for one in credentials:
                yield f"# change `{one.name}` where it is kept: {', '.join(one.keys)}"
            if secrets.provider == "external-secrets":
                yield from (_synced(one, space) for one in credentials for space in one.namespaces)


def _made_again(credentials: tuple[Credential, ...]) -> Iterator[str]:
    """The Secret is immutable and made once: it is made again when it is gone."""
    for one in credentials:
        home, *others = one.namespaces
        yield f"kubectl delete secret {one.name} -n {home}"
        yield _synced(one, home)
        yield f"kubectl wait --for=create secret/{one.name} -n {home} --timeout=2m"
        yield from (_synced(one, space) for space in others)


def _synced(credential: Credential, namespace: str) -> str:
    return (
        f"kubectl annotate externalsecret {credential.name} -n {namespace} --overwrite "
        'force-sync="$(date +%s)"'
    )


def _restart(resource: Resource, environment: str, *, consumes: bool) -> tuple[str, ...]:
    name, space = resource.name, f"-n {resource.namespace}"
    match resource.kind:
        case "Deployment" | "StatefulSet" | "DaemonSet":
            what = f"{resource.kind.lower()}/{name}"
            return (
                f"kubectl rollout restart {what} {space}",
                f"kubectl rollout status {what} {space} --timeout={_TIMEOUT}",
            )
        case "Job" if not consumes:  # it tells the server; a consumer's own has done its work
            return (
                f"kubectl delete job {name} {space} --ignore-not-found",
                f"kubectl apply -k overlays/{environment}",
                f"kubectl wait --for=condition=Complete job/{name} {space} --timeout={_TIMEOUT}",
            )
    return ()  # a CronJob's next run reads it; operators watch the Secrets that they are given
