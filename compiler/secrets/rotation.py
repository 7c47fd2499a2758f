"""Rotation: in which order a Secret becomes another, and who must start again to see it.

Pods read their variables when they start, so a new value reaches nobody by itself. First come the
objects that tell a server of it (Jobs that make roles and keys, then servers and poolers that read
it at start), then the consumer; who does not read it is left alone. Models share the key that their
files are fetched with, which each pod needs only once: they start again for a key of their own.

What only a person can do stops a shell until a variable says that it is done: a plan must not look
as if it had gone through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from compiler.delivery.apply_plan import SpecLocation, Step, generation
from compiler.derive import external_secrets
from compiler.derive.credentials import secret_names
from compiler.model.credential import Credential
from compiler.model.package import Lowered, Package
from compiler.model.resource import Manifest, Resource, pod_template
from compiler.secrets.makers import maker

_TIMEOUT = "10m"


def plan(
    lowered: Lowered, credentials: tuple[Credential, ...], place: SpecLocation
) -> Iterator[Step]:
    """The steps, in order: new values, then each reader of them once."""
    yield from _values(lowered, credentials, place)
    for credential in credentials:
        if credential.change_command:
            yield Step(
                f"{credential.name} is kept in the server's data", (credential.change_command,)
            )
    names = {credential.name for credential in credentials if not credential.change_command}
    consumers = {binding.consumer.name for binding in lowered.graph.bindings
                 if binding.endpoint().secret in names}  # fmt: skip
    kept = {credential.name for credential in credentials if credential.change_command}
    within = {credential.name for credential in credentials if credential.login_from_env}
    readers = list(_readers(lowered, names, kept, within))
    readers.sort(key=lambda one: (one[0].name in consumers, one[0].wave(one[1]), one[1].name))
    root = place.sibling(f"overlays/{lowered.platform.environment}")
    for package, resource in readers:
        commands = _restart(resource, root, consumes=package.name in consumers)
        if commands:
            yield Step(f"{package.name} reads it", commands)
    for credential in credentials:
        for what in credential.restart:
            yield Step(f"upstream's {what} reads it", _rolled(what))


def _values(
    lowered: Lowered, credentials: tuple[Credential, ...], place: SpecLocation
) -> Iterator[Step]:
    """New values come to exist, and what is not the platform's own hears of them."""
    changes = tuple(_by_hand(lowered, credentials))
    stops = Step("by hand", tuple(one.stop for one in changes))
    renewed = tuple(_renewed(lowered, credentials, place))
    if changes and _kept_elsewhere(lowered):
        yield stops
    for one in credentials:
        if one.remove_command:
            title = f"{one.name} is taken out of the server's data, to be made again"
            yield Step(title, (one.remove_command,))
    if changes and not _kept_elsewhere(lowered):
        # Values are made once, however often the plan starts before it is through.
        done = " && ".join(f'[ "${{{one.variable}:-}}" ]' for one in changes)
        yield Step("new values", tuple(f"{{ {done}; }} || {line}" for line in renewed))
        yield stops
    elif renewed:
        yield Step("new values", renewed)


def _readers(
    lowered: Lowered, names: set[str], kept: set[str], within: set[str]
) -> Iterator[tuple[Package, Resource]]:
    for package in lowered.everything:
        for resource in package.resources:
            server, *beside = _containers(resource.manifest) or [{}]
            if (
                names & set(secret_names(resource.manifest))
                # What a server reads on an empty volume only, those beside it read at every start.
                or kept & set(secret_names(beside))
                # The next rotation logs in with the server's variable, which must be the new one.
                or (within & set(secret_names(server)) and resource.kind == "StatefulSet")
            ):
                yield package, resource


def _containers(manifest: Manifest) -> list[Manifest]:
    template = pod_template(manifest)
    return template["spec"]["containers"] if template else []


def _renewed(
    lowered: Lowered, credentials: tuple[Credential, ...], place: SpecLocation
) -> Iterator[str]:
    secrets = lowered.platform.settings.secrets
    match secrets.provider:
        case "local" | "sealed-secrets" | "sops":
            yield from generation(lowered, place, credentials)
        case "external-secrets" if secrets.store is None:
            for one in credentials:
                yield from _made_again(external_secrets.source(one), one.namespaces[0])
                yield from _copied_again(one)
        case "external-secrets":
            for one in credentials:
                yield from _copied_again(one)


class _ByHand(Struct, frozen=True):
    """What a person does, and the variable that says it is done."""

    variable: str
    what: str

    @property
    def stop(self) -> str:
        return (
            f': "${{{self.variable}:?{self.what}, then run this again with {self.variable}=yes}}"'
        )


def _kept_elsewhere(lowered: Lowered) -> bool:
    """Whether values come from a place that platformc does not write to."""
    secrets = lowered.platform.settings.secrets
    return secrets.provider == "existing" or secrets.store is not None


def _by_hand(lowered: Lowered, credentials: tuple[Credential, ...]) -> Iterator[_ByHand]:
    """Changes where values are kept, and at services that somebody else runs."""
    elsewhere = _kept_elsewhere(lowered)
    for one in credentials:
        hosts = sorted({binding.host for binding in lowered.graph.bindings
                        if binding.offer.external and binding.secret == one.name})  # fmt: skip
        at = f"let {' and '.join(hosts)} know the Secret {one.name}" if hosts else ""
        where = (
            maker(lowered, one) if lowered.platform.settings.secrets.store else "where it is kept"
        )
        kept = f"change {', '.join(one.keys)} of {one.name} ({where})" if elsewhere else ""
        what = " and ".join(filter(None, (kept, at)))
        if what:
            yield _ByHand(f"{re.sub(r'[^A-Z0-9]', '_', one.name.upper())}_CHANGED", what)


def _copied_again(credential: Credential) -> Iterator[str]:
    for space in credential.namespaces:
        yield from _made_again(credential.name, space)


def _made_again(name: str, space: str) -> Iterator[str]:
    """The operator forgets that it has made a Secret, and makes it again where it is gone.

    Pods have their values already. Whoever waits for a Secret to come knows that it is the new one,
    which no condition of an ExternalSecret would tell.
    """
    forget = '{"status": {"syncedResourceVersion": null}}'
    yield f"kubectl delete secret {name} -n {space}"
    yield (
        f"kubectl patch externalsecret {name} -n {space} --subresource=status --type=merge "
        f"-p '{forget}'"
    )
    yield f"kubectl wait --for=create secret/{name} -n {space} --timeout=2m"


def _restart(resource: Resource, root: str, *, consumes: bool) -> tuple[str, ...]:
    name, space = resource.name, f"-n {resource.namespace}"
    match resource.kind:
        case "Deployment" | "StatefulSet" | "DaemonSet":
            return _rolled(f"{resource.kind.lower()}/{name} {space}")
        case "InferenceService":  # what makes its pods is KServe's and Knative's own to write
            return (
                f"kubectl delete pod {space} -l serving.kserve.io/inferenceservice={name}",
                f"kubectl wait --for=condition=Ready inferenceservice.serving.kserve.io/{name} "
                f"{space} --timeout={_TIMEOUT}",
            )
        case "Job" if not consumes:  # it tells the server; a consumer's own has done its work
            return (
                f"kubectl delete job {name} {space} --ignore-not-found",
                f"kubectl apply --server-side -k {root} -l {_selector(resource)}",
                f"kubectl wait --for=condition=Complete job/{name} {space} --timeout={_TIMEOUT}",
            )
    return ()  # a CronJob's next run reads it; operators watch the Secrets that they are given


def _selector(resource: Resource) -> str:
    """Labels that no other object of the environment has: what waits to be applied is left alone."""
    labels = resource.manifest["metadata"]["labels"]
    keys = ("app.kubernetes.io/instance", "app.kubernetes.io/component")
    return ",".join(f"{key}={labels[key]}" for key in keys)


def _rolled(what: str) -> tuple[str, ...]:
    return (
        f"kubectl rollout restart {what}",
        f"kubectl rollout status {what} --timeout={_TIMEOUT}",
    )
