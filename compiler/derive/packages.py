"""Change packages: each function returns a copy and leaves the original unchanged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from msgspec.structs import replace

from compiler.model.binding import Binding
from compiler.model.instance import Instance
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered, Package
from compiler.model.resource import Resource, pod_template
from compiler.tenants import model_store

Change = Callable[[Package, Manifest], Manifest]


def each_package(lowered: Lowered, change: Callable[[Package], Package]) -> Lowered:
    packages = {name: change(package) for name, package in lowered.packages.items()}
    return replace(lowered, packages=packages)


def home(instance: Instance[Any]) -> str:
    """The package for objects that are derived for an instance as a provider.

    Environments share the packages of models, so the store of their namespace holds such objects.
    """
    return model_store.name(instance) if instance.section == "models" else instance.name


def each_object(lowered: Lowered, change: Change) -> Lowered:
    """Replace every object with the result of `change`."""

    def change_objects(package: Package) -> Package:
        changed = tuple(
            replace(resource, manifest=change(package, resource.manifest))
            for resource in package.resources
        )
        return replace(package, resources=changed)

    return each_package(lowered, change_objects)


def each_pod(lowered: Lowered, change: Change) -> Lowered:
    """Replace every pod template with the result of `change`."""

    def change_pod(package: Package, manifest: Manifest) -> Manifest:
        template = pod_template(manifest)
        return manifest if template is None else with_pod(manifest, change(package, template))

    return each_object(lowered, change_pod)


def with_pod(manifest: Manifest, template: Manifest) -> Manifest:
    """A workload object with another pod template."""
    spec = manifest["spec"]
    if manifest["kind"] == "CronJob":
        job = spec["jobTemplate"]
        nested = {**job, "spec": {**job["spec"], "template": template}}
        return {**manifest, "spec": {**spec, "jobTemplate": nested}}
    return {**manifest, "spec": {**spec, "template": template}}


def with_containers(pod: Manifest, change: Callable[[Manifest], Manifest]) -> Manifest:
    """A pod's spec, with each container and init container replaced with the result of `change`."""
    kinds = [kind for kind in ("initContainers", "containers") if kind in pod]
    return {**pod, **{kind: [change(container) for container in pod[kind]] for kind in kinds}}


def annotated(owner: Manifest, annotations: dict[str, str]) -> Manifest:
    """An object or template with annotations added."""
    metadata = owner["metadata"]
    merged = dict(sorted({**metadata.get("annotations", {}), **annotations}.items()))
    return {**owner, "metadata": {**metadata, "annotations": merged}}


def extended(package: Package, resources: Iterable[Resource]) -> Package:
    """A package with more objects."""
    return replace(package, resources=(*package.resources, *resources))


Offers = dict[tuple[str, str], Binding]  # one binding to each offer, by provider and slot


def bindings_by_package(bindings: Iterable[Binding]) -> dict[str, Offers]:
    """One binding to each offer with a port, by the package that holds the objects of its provider."""
    offers: dict[str, Offers] = defaultdict(dict)
    for binding in bindings:
        if binding.offer.port:
            offered = (binding.provider.name, binding.provides.slot)
            offers[home(binding.provider)].setdefault(offered, binding)
    return offers
