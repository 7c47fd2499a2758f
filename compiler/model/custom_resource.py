"""Kinds of operators' APIs, with the facts that the compiler needs about objects of each kind.

The compiler knows Kubernetes' own kinds; for other kinds, the component that writes the object
provides the facts. A `Resource` carries its kind, so no pass needs a list of all kinds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from compiler.model.effects import Effect

Manifest = dict[str, Any]
Location = tuple[str | int, ...]  # of a value in a manifest; a number is an index of a list
_BUILTIN = re.compile(r"|[a-z]+|(?!gateway\.)[a-z.]+\.k8s\.io")


def no_specs(manifest: Manifest) -> Iterable[Manifest]:
    """The object leaves the pods to its operator."""
    return ()


class OperatorWorkload(Struct, frozen=True):
    """Where an object says how its operator is to make the pods."""

    labels: Location  # the labels for the pods
    name_label: str | None = None  # the label of the pods whose value is the object's name
    account: Location = ("metadata", "name")  # the ServiceAccount of the pods
    specs: Callable[[Manifest], Iterable[Manifest]] = no_specs  # of the pods, with their containers


class CustomResource(Struct, frozen=True, kw_only=True):
    """A kind, and the facts about its objects. Only the first two fields are required."""

    api: str  # the group and the version, like `postgresql.cnpg.io/v1`
    kind: str
    pods: OperatorWorkload | None = None  # of the pods that the operator makes
    ready: str = ""  # the condition for `kubectl wait --for`: the object is ready
    replicas: str = "replicas"  # the key of the number of its pods
    scales_to_zero: Location = ()  # of its least number of pods, where that may be 0
    deployments: str = ""  # names of the Deployments of objects that scale to zero: an expression
    canary: Location = ()  # of the newest version's percentage, if the operator keeps the older one
    volume_claims: str = ""  # the beginning of the names of its volume claims, with `{name}`
    secret_keys: tuple[str, ...] = ()  # keys, at any depth, whose value names a Secret by `name`
    restarts_by_deletion: bool = False  # pods see a Secret's new value only after they are deleted
    holds_data: bool = False  # deleting an object deletes data, or leaves it where nothing reads it
    recovery: Location = ()  # where an object says that it is to be made from copies
    recovery_time: Location = ()  # where it says to which time
    recovery_help: str = ""  # how a user says so
    copies_data: bool = False  # it copies the data of its instance to another place, on a schedule
    is_rule: bool = False  # it applies at once to what runs, such as a policy
    immutable: tuple[str, ...] = ()  # paths, as expressions, that an API server refuses to change
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


def at(value: Any, location: Iterable[str | int]) -> Any:
    """The value at a location of a manifest; None where there is none."""
    for part in location:
        if value is None:
            return None
        value = value[part] if isinstance(part, int) else value.get(part)
    return value
