"""Describe the kinds of operators' APIs by the facts that the compiler needs about their objects.

The compiler knows Kubernetes' own kinds; for other kinds, the component that writes the object
provides the facts. A `Resource` carries its kind, so no pass needs a list of all kinds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from compiler.model.effects import Effect, Judgement, When
from compiler.model.manifest import Manifest

Location = tuple[
    str | int, ...
]  # The keys that lead to a value in a manifest; a number is an index of a list.
_BUILTIN = re.compile(r"|[a-z]+|(?!gateway\.)[a-z.]+\.k8s\.io")


def no_specs(manifest: Manifest) -> Iterable[Manifest]:
    """The object leaves the pods to its operator."""
    return ()


class OperatorWorkload(Struct, frozen=True):
    """The places in an object that determine the pods which its operator makes."""

    labels: Location  # the labels of the pods
    name_label: str | None = None  # the label of the pods whose value is the object's name
    account: Location = ("metadata", "name")  # the ServiceAccount of the pods
    specs: Callable[[Manifest], Iterable[Manifest]] = no_specs  # the specs of the pods
    # Further labels of the pods.
    added_labels: Callable[[Manifest], Mapping[str, str]] | None = None


class CopyOrder(Struct, frozen=True):
    """How an operator is asked for one copy at once, next to an object that orders them on a schedule."""

    order: Callable[[Manifest], Manifest]  # the object that asks, by the object with the schedule
    phase: str  # the JSONPath to the state of the order
    succeeded: str  # its states at the end
    failed: tuple[str, ...]


class Solvers(Struct, frozen=True):
    """Pods that an operator starts beside an object to prove to a signer that a host is the cluster's.

    The signer asks them at the host, so the gateway's pods must reach them.
    """

    labels: Mapping[str, str]
    port: int

    def __hash__(self) -> int:
        return hash((*self.labels, self.port))


class CustomResource(Struct, frozen=True, kw_only=True):
    """A kind, and the facts about its objects. Only the first two fields are required."""

    api: str  # the group and the version, like `postgresql.cnpg.io/v1`
    kind: str
    pods: OperatorWorkload | None = None  # the pods that the operator makes of an object
    env: Location = ()  # the place of the variables of the pods' containers, if the kind has one
    start: str = ""  # the command by which people start a run, with `{name}` and `{namespace}`
    # Whether it starts runs on a schedule, except while its spec has `suspend: true`.
    on_schedule: bool = False
    ready: str = ""  # the condition for `kubectl wait --for`: the object is ready
    makes: tuple[str, ...] = ()  # the kinds that its operator makes under the object's own name
    # The names of the Services that its operator makes, in the object's namespace.
    services: Callable[[Manifest], Iterable[str]] | None = None
    brings: str = ""  # the part of a system, by name, that is installed when the object is ready
    replicas: str = "replicas"  # the key with the number of its pods
    scales_to_zero: Location = ()  # the place of its least number of pods, if that may be 0
    deployments: str = ""  # the pattern of the names of Deployments that scale to zero
    canary: Location = ()  # the place of a new version's percentage, if the operator keeps the old one
    volume_claims: str = ""  # the beginning of the names of its volume claims, with `{name}`
    storage_class: Location = ()  # the place of the class of its volumes
    images: Location = ()  # the place of a map whose values are images
    secret_keys: tuple[str, ...] = ()  # keys, at any depth, whose value names a Secret by `name`
    restarts_by_deletion: bool = False  # whether only new pods see a Secret's new value
    # The name of the Secret that its operator makes, and that is deleted with the object; empty for none.
    owned_secret: Callable[[Manifest], str] | None = None
    removal: Judgement | None = None  # the effect of the deletion of an object that holds no data
    holds_data: bool = False  # whether data is lost or unused after the deletion of an object
    never_pruned: bool = False  # whether data hangs on the object itself, so no delivery deletes it
    recovery: Location = ()  # the place that asks the operator to make the object from copies
    recovery_time: Location = ()  # the place of the time to which it is restored
    recovery_help: str = ""  # the text to type in the spec for a recovery
    copies_data: bool = False  # whether it copies its instance's data elsewhere, on a schedule
    copy_order: CopyOrder | None = None  # how to order one such copy at once
    solvers: Solvers | None = None  # the pods that may be asked for a proof of the object's hosts
    is_rule: bool = False  # whether it applies at once to running pods, such as a policy
    guards: str = ""  # the guard of the platform that its whole spec settles, such as a credential
    immutable: tuple[str, ...] = ()  # patterns of paths that an API server refuses to change
    # Changes of fields that its operator refuses.
    webhook_refuses: tuple[tuple[str, When], ...] = ()
    effects: tuple[Effect, ...] = ()  # the effects of changing its fields: the first match counts

    @property
    def group(self) -> str:
        return self.api.partition("/")[0]

    def manifest(self, metadata: Mapping[str, Any], spec: Mapping[str, Any]) -> Manifest:
        """An object of this kind."""
        return {
            "apiVersion": self.api,
            "kind": self.kind,
            "metadata": dict(metadata),
            "spec": dict(spec),
        }


def is_builtin(group: str) -> bool:
    """Whether an API group is Kubernetes' own."""
    return _BUILTIN.fullmatch(group) is not None


def is_custom(manifest: Manifest) -> bool:
    """Whether a CustomResourceDefinition defines the object's kind."""
    return not is_builtin(_group(manifest))


def kubectl_kind(manifest: Manifest) -> str:
    """kubectl's name of an object's kind, with the group of a custom one: several groups may have a kind
    of this name, such as Gateway.
    """
    kind: str = manifest["kind"].lower()
    return f"{kind}.{_group(manifest)}" if is_custom(manifest) else kind


def _group(manifest: Manifest) -> str:
    group: str = manifest["apiVersion"].rpartition("/")[0]
    return group


def at(value: Any, location: Iterable[str | int]) -> Any:
    """The value at a location of a manifest, or None."""
    for part in location:
        if value is None:
            return None
        if not isinstance(part, int):
            value = value.get(part)
        else:
            value = value[part] if part < len(value) else None
    return value
