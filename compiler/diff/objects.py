"""Give the objects of an environment keys that stay the same between compilations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from compiler.model.manifest import Manifest
from compiler.model.package import Lowered, Package, config_map
from compiler.model.resource import Resource

Key = tuple[str, str, str, str]  # group, kind, namespace, name


class OwnedObject(Struct, frozen=True):
    """An object, and the component that it belongs to."""

    component: str
    resource: Resource

    @property
    def manifest(self) -> Manifest:
        return self.resource.manifest


def objects(lowered: Lowered) -> Mapping[Key, OwnedObject]:
    """Every object; a Job by its name without the hash."""
    return {
        _key(resource): OwnedObject(package.name, resource)
        for package in lowered.all_packages
        for resource in _resources(package, lowered)
    }


def _resources(package: Package, lowered: Lowered) -> Iterator[Resource]:
    yield from package.resources
    for config in package.configs:
        yield Resource(config_map(config, package, lowered.platform))


def _key(resource: Resource) -> Key:
    group, kind, namespace, name = resource.id
    return group, kind, namespace, re.sub(r"-[0-9a-f]{8}$", "", name) if kind == "Job" else name
