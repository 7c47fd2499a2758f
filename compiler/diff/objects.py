"""The objects of an environment, by keys that stay the same between compilations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from compiler.model.package import Lowered, Package, config_map
from compiler.model.resource import Manifest, Resource

Key = tuple[str, str, str, str]  # group, kind, namespace, name


class OwnedObject(Struct, frozen=True):
    """A manifest, and the component that it belongs to."""

    component: str
    manifest: Manifest


def objects(lowered: Lowered) -> Mapping[Key, OwnedObject]:
    """Every object; a Job by its name without the hash."""
    return {
        _key(manifest): OwnedObject(package.name, manifest)
        for package in lowered.everything
        for manifest in _manifests(package, lowered)
    }


def _manifests(package: Package, lowered: Lowered) -> Iterator[Manifest]:
    for resource in package.resources:
        yield resource.manifest
    for config in package.configs:
        yield config_map(config, package, lowered.platform)


def _key(manifest: Manifest) -> Key:
    group, kind, namespace, name = Resource(manifest).id
    return group, kind, namespace, re.sub(r"-[0-9a-f]{8}$", "", name) if kind == "Job" else name
