"""A patch may remove every field that the API server does not require: no pass may rely on it.

Each field of each object of the scenarios is removed once. The object is then read as the passes read it,
and compared with the object before, in both directions.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace
from support.scenarios import compiled, scenario_names

from compiler.delivery import writers
from compiler.delivery.move import copier
from compiler.delivery.restore import restorable
from compiler.delivery.steps import SpecLocation
from compiler.derive.patch_problems import added_problems
from compiler.diff.fields import differences
from compiler.diff.risk import of_field
from compiler.kube.network_policy import selections
from compiler.model.package import Lowered, Package
from compiler.model.resource import Resource
from compiler.secrets import rotation

Path = tuple[str | int, ...]


def resources() -> Iterator[tuple[Package, Resource]]:
    """The objects of all scenarios."""
    for name in scenario_names():
        for lowered in compiled(name).lowered.values():
            for package in lowered.all_packages:
                for resource in package.resources:
                    yield package, resource


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of the fields of an object."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        if path or key not in ("apiVersion", "kind", "metadata"):
            yield (*path, key)
            if isinstance(inner, (dict, list)):
                yield from paths(inner, (*path, key))


def without(resource: Resource, path: Path) -> Resource:
    """An object without a field."""
    manifest = copy.deepcopy(resource.manifest)
    parent: Any = manifest
    for key in path[:-1]:
        parent = parent[key]
    del parent[path[-1]]
    return replace(resource, manifest=manifest)


def read(before: Resource, after: Resource) -> None:
    """What passes read in an object of any kind."""
    assert list(after.pods) is not None
    assert dict(after.pod_labels) is not None
    assert after.pod_account is not None
    if after.kind == "NetworkPolicy":
        assert list(selections(after)) is not None
    for old, new in ((before, after), (after, before)):
        for field in differences(old.manifest, new.manifest):
            of_field(field, old, new)


def test_no_pass_relies_on_a_field_that_a_patch_may_remove() -> None:
    seen: set[object] = set()
    failures: list[str] = []
    for package, resource in resources():
        for path in paths(resource.manifest):
            shape = tuple("*" if isinstance(key, int) else key for key in path)
            owner = package.instance.type if package.instance else ""
            if (owner, resource.kind, shape) in seen:
                continue
            seen.add((owner, resource.kind, shape))
            after = without(resource, path)
            try:
                read(resource, after)
            except Exception as error:
                if next(added_problems(package, resource, after.manifest), None) is None:
                    failures.append(f"{resource.kind} {resource.name} without {path}: {error!r}")
    assert not failures, "\n".join(failures)
    assert len(seen) > 1000


def bare(lowered: Lowered) -> Lowered:
    """An environment whose objects have no labels, schedules that say nothing of a stop, and no replicas."""

    def stripped(resource: Resource) -> Resource:
        manifest = copy.deepcopy(resource.manifest)
        manifest["metadata"].pop("labels", None)
        for key in ("suspend", "replicas"):
            manifest.get("spec", {}).pop(key, None)
        return replace(resource, manifest=manifest)

    packages = {
        name: replace(package, resources=tuple(map(stripped, package.resources)))
        for name, package in lowered.packages.items()
    }
    return replace(lowered, packages=packages)


def test_no_plan_relies_on_a_field_that_a_patch_may_remove() -> None:
    for name in scenario_names():
        for environment, lowered in compiled(name).lowered.items():
            if environment is None:
                continue
            without_fields = bare(lowered)
            providers = set(lowered.graph.instances)
            assert restorable(without_fields) == []
            assert copier(without_fields) is None
            stops = writers.freeze(without_fields, providers, copies=True)
            starts = writers.thaw(without_fields, providers, copies=True)
            assert len(stops) >= len(starts)
            for credential in lowered.credentials:
                assert list(rotation.plan(without_fields, (credential,), SpecLocation()))
