"""Collect the Secrets with which nodes pull images; the user makes them in each namespace that needs one."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.model.credential import Credential
from compiler.model.package import Lowered, Package
from compiler.model.resource import Resource

TYPE, KEY = "kubernetes.io/dockerconfigjson", ".dockerconfigjson"
_NAMED = "imagePullSecrets"


def by_package(lowered: Lowered) -> dict[str, tuple[Credential, ...]]:
    """The Secrets that the pods and ServiceAccounts of each package name."""
    secrets = {package.name: _of_package(package) for package in lowered.packages.values()}
    return secrets | {package.name: named for package, named in lowered.models.each(_of_package)}


def _of_package(package: Package) -> tuple[Credential, ...]:
    named = {
        (resource.namespace, name) for resource in package.resources for name in _names(resource)
    }
    return tuple(
        Credential(
            name, {KEY: ""}, (space,), (package.name,), "nodes pull images with it", TYPE,
            created_by="you",
        )
        for space, name in sorted(named)
    )  # fmt: skip


def _names(resource: Resource) -> Iterator[str]:
    """The names in a ServiceAccount, or in the pods that are made of an object."""
    for holder in (resource.manifest, *resource.pods):
        for secret in holder.get(_NAMED, ()):
            yield secret["name"]
