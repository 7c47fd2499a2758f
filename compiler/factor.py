"""Base and overlays: what environments share is written once, the rest as the smallest patch.

For a component and an environment: where the base has it, of the same type and in the same
namespaces, the overlay patches the base; otherwise it holds whole files. Components know nothing of
this. The law that makes it safe: what kustomize builds from an overlay is what was lowered for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from compiler.model.package import Lowered, Package
from compiler.model.resource import ConfigFiles, Manifest, Resource

Operation = dict[str, Any]


class ResourcePatch(Struct, frozen=True):
    """JSON 6902 operations on one object of the base; the first tests that it is the right one."""

    target: Resource
    operations: tuple[Operation, ...]


class ConfigChange(Struct, frozen=True):
    """A ConfigMap of an overlay: new, or in place of the base's."""

    config: ConfigFiles
    replaces: bool


class Overlay(Struct, frozen=True):
    """What one environment's folder of a component holds beside a reference to the base."""

    package: Package  # as lowered for the environment
    based: bool
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
    """The difference between the base and each environment."""
    overlays = {
        name: {
            package.name: _overlay(base.packages.get(package.name), package)
            for package in environment.packages.values()
        }
        for name, environment in environments.items()
    }
    return Factored(base, environments, overlays)


def _overlay(base: Package | None, package: Package) -> Overlay:
    if base is None or not _same_place(base, package):
        configs = tuple(ConfigChange(config, False) for config in package.configs)
        return Overlay(package, False, added=package.resources, configs=configs)
    theirs = {resource.id: resource for resource in base.resources}
    ours = {resource.id: resource for resource in package.resources}
    known = {(config.namespace, config.name): config for config in base.configs}
    kept = {(config.namespace, config.name) for config in package.configs}
    patches = (_patch(theirs[id], resource) for id, resource in ours.items() if id in theirs)
    return Overlay(
        package,
        True,
        added=tuple(resource for id, resource in ours.items() if id not in theirs),
        removed=(
            *(resource for id, resource in theirs.items() if id not in ours),
            *(_config_map(config) for id, config in known.items() if id not in kept),
        ),
        patches=tuple(patch for patch in patches if patch is not None),
        configs=tuple(_config_changes(known, package.configs)),
    )


def _config_map(config: ConfigFiles) -> Resource:
    """What kustomize knows a generated ConfigMap by."""
    metadata = {"name": config.name, "namespace": config.namespace}
    return Resource({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})


def _same_place(base: Package, package: Package) -> bool:
    if base.namespace != package.namespace:
        return False
    types = [one.instance.type if one.instance else None for one in (base, package)]
    return types[0] == types[1]


def _config_changes(
    known: Mapping[tuple[str, str], ConfigFiles], configs: tuple[ConfigFiles, ...]
) -> Iterator[ConfigChange]:
    for config in configs:
        base = known.get((config.namespace, config.name))
        if base is None:
            yield ConfigChange(config, False)
        elif base != config:
            yield ConfigChange(config, True)


def _patch(base: Resource, wanted: Resource) -> ResourcePatch | None:
    operations = tuple(difference(base.manifest, wanted.manifest))
    if not operations:
        return None
    test = {"op": "test", "path": "/metadata/name", "value": base.name}
    return ResourcePatch(base, (test, *operations))


def difference(base: Manifest, wanted: Manifest) -> Iterator[Operation]:
    """Operations that turn one object into another, smallest first to read."""
    if base is not wanted:
        yield from _maps(base, wanted, "")


def _maps(base: Manifest, wanted: Manifest, path: str) -> Iterator[Operation]:
    for key in sorted(base.keys() | wanted.keys()):
        at = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
        if key not in wanted:
            yield {"op": "remove", "path": at}
        elif key not in base:
            yield {"op": "add", "path": at, "value": wanted[key]}
        else:
            yield from _values(base[key], wanted[key], at)


def _values(base: Any, wanted: Any, path: str) -> Iterator[Operation]:
    if base == wanted and type(base) is type(wanted):
        return
    # kustomize's own patcher removes a map that becomes empty; a replacement does not.
    if isinstance(base, dict) and isinstance(wanted, dict) and base and wanted:
        yield from _maps(base, wanted, path)
    elif _same_names(base, wanted):
        for index, (one, other) in enumerate(zip(base, wanted, strict=True)):
            operations = list(_maps(one, other, f"{path}/{index}"))
            if operations:
                test = {"op": "test", "path": f"{path}/{index}/name", "value": one["name"]}
                yield from (test, *operations)
    else:
        yield {"op": "replace", "path": path, "value": wanted}


def _same_names(base: Any, wanted: Any) -> bool:
    """Whether two lists have the same named elements in the same order."""
    if not isinstance(base, list) or not isinstance(wanted, list) or not base:
        return False
    if not all(isinstance(one, dict) and "name" in one for one in (*base, *wanted)):
        return False
    return [one["name"] for one in base] == [one["name"] for one in wanted]
