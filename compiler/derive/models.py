"""Models to packages: there may be thousands, in every environment nearly the same.

A model's objects follow from its section of the spec and from what it is bound to. Where neither
differs between two environments, both are the same values (see resolve/shared.py), and the objects
are made, labelled and later checked and written as text once. Models are finished here and go
through no pass of derive/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from compiler.derive.images import rewriter, rewritten
from compiler.lower import package_of
from compiler.model.binding import Binding
from compiler.model.fleet import Facts, Fleet
from compiler.model.images import structural
from compiler.model.instance import Instance
from compiler.model.package import Lowered, Package, Platform, package_labels
from compiler.model.resource import WAVE, Resource
from compiler.registry import module

Surroundings = tuple[object, ...]


class Models:
    """The models of one compile."""

    def __init__(self) -> None:
        self._made: dict[Surroundings, Package] = {}
        self._same: dict[Surroundings, Package] = {}  # found by the bindings themselves
        self._facts: Facts = {}
        self._alive: list[object] = []  # an id is an object's own only while it lives

    def added(self, lowered: Lowered) -> Lowered:
        """An environment with its models."""
        graph, platform = lowered.graph, lowered.platform
        around = (tuple(sorted(platform.labels.items())), tuple(sorted(platform.pins.items())))
        self._alive.append(graph)
        made: dict[str, Package] = {}
        for name, instance in graph.instances.items():
            if instance.section == "models":
                bindings = graph.by_consumer.get(name, {})
                same = (id(instance), around, *map(id, bindings.values()))
                if same not in self._same:
                    key = (id(instance), around, *_bound(bindings))
                    if key not in self._made:
                        self._made[key] = _package(instance, lowered)
                    self._same[same] = self._made[key]
                made[name] = self._same[same]
        return replace(lowered, models=Fleet(made, self._facts))


def _bound(bindings: Mapping[str, Binding]) -> Iterator[object]:
    """What a model is bound to. The store's other models are none of its business."""
    for slot, binding in bindings.items():
        for one in (binding, *binding.entailed):
            yield slot, id(one.provider), one.provides.slot, id(one.offer)


def _package(instance: Instance[Any], lowered: Lowered) -> Package:
    pieces = module(instance).lower(instance, lowered.graph.wiring(instance.name))
    return _finished(package_of(instance, pieces), lowered.platform)


def _finished(package: Package, platform: Platform) -> Package:
    """Labels and waves, which derive/ gives to all others."""
    package = _pulled(package, platform)
    common = package_labels(platform, package)
    resources = tuple(
        Resource(_marked(one, common, package.phase + one.step), one.step)
        for one in package.resources
    )
    return replace(package, resources=resources, start=package.phase)


def _pulled(package: Package, platform: Platform) -> Package:
    mirror, pins = platform.settings.registry.mirror, platform.pins
    if mirror is None and not pins:
        return package
    rewrite = rewriter(structural(package), mirror, pins)
    return rewritten(package, rewrite) if rewrite.names else package


def _marked(resource: Resource, common: dict[str, str], wave: int) -> dict[str, Any]:
    metadata = resource.manifest["metadata"]
    annotations = {**metadata.get("annotations", {}), WAVE: str(wave)}
    labels = {**common, **metadata.get("labels", {})}
    marked = {
        **metadata,
        "annotations": dict(sorted(annotations.items())),
        "labels": dict(sorted(labels.items())),
    }
    return {**resource.manifest, "metadata": marked}
