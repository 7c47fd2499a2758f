"""Factor packages into a shared base and one overlay of minimal patches for each environment.

An overlay patches the base if the base has the same component, of the same type and in the same
namespaces; otherwise it holds whole files. Components are not involved. One law makes this safe:
kustomize builds from an overlay exactly the objects that the environment was lowered to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from compiler.document.pointer import below
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered, Package
from compiler.model.resource import ConfigFiles, Resource
from compiler.model.sameness import same

Operation = dict[str, Any]


class ResourcePatch(Struct, frozen=True):
    """JSON patch operations (RFC 6902) on one object of the base; the first one tests its name."""

    target: Resource
    operations: tuple[Operation, ...]


class ConfigChange(Struct, frozen=True):
    """A ConfigMap of an overlay: a new one, or a replacement of the base's."""

    config: ConfigFiles
    replaces: bool


class Overlay(Struct, frozen=True):
    """The contents of the folder of one component in one environment."""

    package: Package  # as lowered for the environment
    based: bool  # whether the folder refers to the base's folder of the component
    added: tuple[Resource, ...] = ()
    removed: tuple[Resource, ...] = ()
    patches: tuple[ResourcePatch, ...] = ()
    configs: tuple[ConfigChange, ...] = ()


class Factored(Struct, frozen=True):
    """The base's packages, and each environment's overlays in the order of delivery."""

    base: Lowered
    environments: Mapping[str, Lowered]
    overlays: Mapping[str, Mapping[str, Overlay]]


def factor(base: Lowered, environments: Mapping[str, Lowered]) -> Factored:
    """Split the lowered environments into the base and each environment's differences."""
    overlays = {
        name: {
            package.name: _overlay(base.packages.get(package.name), package)
            for package in environment.packages.values()
        }
        for name, environment in environments.items()
    }
    return Factored(base, environments, overlays)


def whole(package: Package) -> Overlay:
    """A package with everything in its own folder."""
    configs = tuple(ConfigChange(config, False) for config in package.configs)
    return Overlay(package, False, added=package.resources, configs=configs)


def _overlay(base: Package | None, package: Package) -> Overlay:
    """The differences of a package from the base's; the whole package if the base has no such one."""
    if base is None or not _same_place(base, package):
        return whole(package)
    base_objects = {resource.id: resource for resource in base.resources}
    objects = {resource.id: resource for resource in package.resources}
    base_configs = {(config.namespace, config.name): config for config in base.configs}
    config_ids = {(config.namespace, config.name) for config in package.configs}
    patches = (
        _patch(base_objects[id], resource) for id, resource in objects.items() if id in base_objects
    )
    return Overlay(
        package,
        True,
        added=tuple(resource for id, resource in objects.items() if id not in base_objects),
        removed=(
            *(resource for id, resource in base_objects.items() if id not in objects),
            *(_config_map(config) for id, config in base_configs.items() if id not in config_ids),
        ),
        patches=tuple(patch for patch in patches if patch is not None),
        configs=tuple(_config_changes(base, package, base_configs)),
    )


def _config_map(config: ConfigFiles) -> Resource:
    """The identity of a generated ConfigMap, as kustomize addresses it."""
    metadata = {"name": config.name, "namespace": config.namespace}
    return Resource({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})


def _same_place(base: Package, package: Package) -> bool:
    """Whether two packages have the same namespace and component type."""
    if base.namespace != package.namespace:
        return False
    types = [side.instance.type if side.instance else None for side in (base, package)]
    return types[0] == types[1]


def _config_changes(
    base: Package, package: Package, base_configs: Mapping[tuple[str, str], ConfigFiles]
) -> Iterator[ConfigChange]:
    for config in package.configs:
        base_config = base_configs.get((config.namespace, config.name))
        if base_config is None:
            yield ConfigChange(config, False)
        elif base_config != config or base.wave(base_config) != package.wave(config):
            yield ConfigChange(config, True)


def _patch(base: Resource, target: Resource) -> ResourcePatch | None:
    operations = tuple(difference(base.manifest, target.manifest))
    if not operations:
        return None
    test = {"op": "test", "path": "/metadata/name", "value": base.name}
    return ResourcePatch(base, (test, *operations))


def difference(base: Manifest, target: Manifest) -> Iterator[Operation]:
    """JSON patch operations that turn one object into another, in the order of its keys."""
    if base is not target:
        yield from _maps(base, target, "")


def _maps(base: Manifest, target: Manifest, path: str) -> Iterator[Operation]:
    for key in sorted(base.keys() | target.keys()):
        at = below(path, key)
        if key not in target:
            yield {"op": "remove", "path": at}
        elif key not in base:
            yield {"op": "add", "path": at, "value": target[key]}
        else:
            yield from _values(base[key], target[key], at)


def _values(base: Any, target: Any, path: str) -> Iterator[Operation]:
    """The operations that turn one value at a path into another."""
    if same(base, target):
        return
    # kustomize's patcher removes a map that becomes empty, but not a map that is replaced as a whole.
    if isinstance(base, dict) and isinstance(target, dict) and base and target:
        yield from _maps(base, target, path)
    elif _same_names(base, target):
        for index, (old, new) in enumerate(zip(base, target, strict=True)):
            operations = list(_maps(old, new, f"{path}/{index}"))
            if operations:
                test = {"op": "test", "path": f"{path}/{index}/name", "value": old["name"]}
                yield from (test, *operations)
    else:
        yield {"op": "replace", "path": path, "value": target}


def _same_names(base: Any, target: Any) -> bool:
    """Whether two lists have the same named elements in the same order."""
    if not isinstance(base, list) or not isinstance(target, list) or not base:
        return False
    if not all(isinstance(element, dict) and "name" in element for element in (*base, *target)):
        return False
    return [element["name"] for element in base] == [element["name"] for element in target]
