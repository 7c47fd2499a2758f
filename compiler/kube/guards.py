"""Read the guards of an object: the traffic, rights, credentials, identities and hosts that it settles.

Two states of an object are compared by their guards, so it does not matter by which path a patch
changed it. A NetworkPolicy's empty list of peers or ports admits all of them (Kubernetes 1.34,
networking.k8s.io/v1).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from msgspec import Struct

from compiler.model.manifest import Manifest
from compiler.model.resource import Resource, containers_of

_SECURITY = "pod-security.kubernetes.io/"
_SECRET = re.compile(r"secret|secretName|secretRef|secretKeyRef|\w+Secret(Name|Ref|KeyRef)?")
_RIGHTS = ("rules", "aggregationRule", "subjects", "roleRef", "automountServiceAccountToken")
_LISTS = ("from", "to", "ports")
HOST = "the server behind a host"
LOGIN = "the settings of a login"
_SETTINGS = ("image", "command", "args", "env", "envFrom")  # of a container


class Guards(Struct, frozen=True):
    """The guards in one state of an object."""

    traffic: Manifest | None  # the content of a rule about traffic
    security: Mapping[str, Any]  # the labels of Pod Security
    rights: Mapping[str, Any]  # the content of a role or a binding of roles
    credentials: Counter[tuple[str, str]]  # each reference to a Secret, with the key
    labels: Mapping[str, str]  # the labels of pods by which rules select them
    accounts: tuple[tuple[str, bool], ...]  # the account of each pod, and whether it has the token
    tokens: int  # the number of volumes with a token
    further: Mapping[str, Any]  # the content of other guards, by their names


def of(
    resource: Resource, *, is_rule: bool, selected: Collection[str], is_login: bool = False
) -> Guards:
    """The guards of an object; `selected` are the labels by which rules select pods.

    With `is_login`, its pods ask for an identity before a host.
    """
    manifest = resource.manifest
    of_namespace = manifest["metadata"].get("labels") or {} if resource.kind == "Namespace" else {}
    labels = resource.pod_labels
    return Guards(
        traffic=manifest.get("spec", {}) if is_rule else None,
        security={k: v for k, v in of_namespace.items() if k.startswith(_SECURITY)},
        rights={key: manifest[key] for key in _RIGHTS if key in manifest},
        credentials=Counter(_secrets(manifest)),
        labels={key: labels[key] for key in sorted({*labels} & {*selected})},
        accounts=tuple(_accounts(resource)),
        tokens=sum(key == "serviceAccountToken" for key, _ in _pairs(manifest)),
        further=dict(_further(resource, is_login=is_login)),
    )


def loosened(before: Guards, after: Guards) -> Iterator[str]:
    """Describe each guard that may admit more after a change."""
    if before.traffic is not None and not is_narrower(before.traffic, after.traffic or {}):
        yield "the traffic that it admits"
    if before.security != after.security:
        yield "the Pod Security of the namespace"
    if before.rights != after.rights:
        yield "the rights of an account"
    if after.credentials - before.credentials:
        yield "the credential that is read"
    if before.labels != after.labels:
        yield "the labels by which policies select its pods"
    gained = [name for name in after.accounts if name not in before.accounts and name[1]]
    renamed = [name for name, _ in before.accounts] != [name for name, _ in after.accounts]
    if gained or renamed or after.tokens > before.tokens:
        yield "the account of its pods"
    yield from (name for name in after.further if after.further[name] != before.further.get(name))


def is_narrower(before: Manifest, after: Manifest) -> bool:
    """Whether the content of a NetworkPolicy admits nothing that it did not admit before."""
    directions = ("ingress", "egress")
    rest = [{k: v for k, v in spec.items() if k not in directions} for spec in (before, after)]
    return rest[0] == rest[1] and all(
        any(_is_narrower_rule(earlier, rule) for earlier in before.get(direction) or ())
        for direction in directions
        for rule in after.get(direction) or ()
    )


def _is_narrower_rule(before: Manifest, after: Manifest) -> bool:
    return all(
        not before.get(key)
        or (after.get(key) and all(element in before[key] for element in after[key]))
        for key in _LISTS
    )


def selectors(rule: Manifest) -> Iterator[str]:
    """The labels by which a rule selects pods."""
    for key, value in _pairs(rule):
        if key == "matchLabels" and isinstance(value, dict):
            yield from value
        elif key == "matchExpressions" and isinstance(value, list):
            yield from (str(expression.get("key")) for expression in value)


def _further(resource: Resource, *, is_login: bool) -> Iterator[tuple[str, Any]]:
    """Guards of which any change may admit more."""
    spec = resource.manifest.get("spec")
    if resource.custom is not None and resource.custom.guards:
        yield resource.custom.guards, spec
    if resource.kind == "Ingress":
        yield HOST, spec
    if is_login:
        containers = [container for pod in resource.pods for container in containers_of(pod)]
        settings = [{key: container.get(key) for key in _SETTINGS} for container in containers]
        yield LOGIN, settings


def _accounts(resource: Resource) -> Iterator[tuple[str, bool]]:
    if resource.pod_account:
        yield resource.pod_account, False
    for pod in resource.pods:
        name = pod.get("serviceAccountName", pod.get("serviceAccount", ""))
        yield str(name), pod.get("automountServiceAccountToken") is not False


def _secrets(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """The Secrets that an object names, at any depth."""
    for field, value in _pairs(manifest):
        if not _SECRET.fullmatch(field):
            continue
        if isinstance(value, str):
            yield value, ""
        elif isinstance(value, dict) and isinstance(value.get("name"), str):
            yield value["name"], str(value.get("key", ""))


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """Each key of a mapping with its value, at any depth."""
    pending = [value]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            yield from value.items()
            pending += value.values()
        elif isinstance(value, list):
            pending += value
