"""Models to packages: there may be thousands, in every environment nearly the same.

A model's objects follow from its section of the spec and from what it is bound to. Where neither
differs between two environments, neither do the objects: they are made, labelled and later checked
and written as text once. Models are finished here and go through no pass of derive/.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from compiler.derive.images import rewriter, rewritten
from compiler.derive.labels import package_labels
from compiler.derive.order import WAVE
from compiler.inventory import structural
from compiler.lower import package_of
from compiler.model.graph import Binding, Instance, Wiring
from compiler.model.package import Lowered, Package, Platform
from compiler.model.resource import Resource
from compiler.resolve import module

Surroundings = tuple[Any, ...]


class Models:
    """The models of one compile."""

    def __init__(self) -> None:
        self._surroundings: list[Surroundings] = []
        self._made: dict[tuple[int, str, str, int], Package] = {}

    def added(self, lowered: Lowered) -> Lowered:
        """An environment with its models."""
        graph, platform = lowered.graph, lowered.platform
        names = [name for name, one in graph.instances.items() if one.section == "models"]
        if not names:
            return lowered
        wiring = graph.wiring()
        known: dict[tuple[Any, ...], int] = {}
        made: dict[str, Package] = {}
        for name in names:
            instance = graph.instances[name]
            bound = tuple(_bound(wiring[name]))
            place = tuple(
                (one.requires.slot, one.provider.name, one.provides.slot) for one in bound
            )
            if place not in known:
                known[place] = self._index(platform, bound)
            made[name] = self._package(instance, wiring[name], platform, known[place])
        return replace(lowered, models=made)

    def _index(self, platform: Platform, bound: tuple[Binding, ...]) -> int:
        """The number of these surroundings: equal ones have the same."""
        around: Surroundings = (
            platform.settings, platform.labels, platform.pins,
            tuple((one.provider, one.provides, one.offer) for one in bound),
        )  # fmt: skip
        if around not in self._surroundings:
            self._surroundings.append(around)
        return self._surroundings.index(around)

    def _package(
        self, instance: Instance[Any], wiring: Wiring, platform: Platform, around: int
    ) -> Package:
        # A section that environments share is one object, and the package keeps it alive.
        key = (id(instance.spec), instance.name, instance.namespace, around)
        known = self._made.get(key)
        if known is None:
            package = package_of(instance, module(instance).lower(instance, wiring))
            known = self._made[key] = _finished(package, platform)
        return known


def _bound(wiring: Wiring) -> Iterator[Binding]:
    for _, binding in sorted(wiring.got.items()):
        yield binding
        yield from binding.entailed


def _finished(package: Package, platform: Platform) -> Package:
    """Labels and waves, which derive/ gives to all others."""
    package = _pulled(replace(package, start=package.phase), platform)
    common = package_labels(platform, package)
    resources = tuple(
        replace(one, manifest=_marked(one, common, package)) for one in package.resources
    )
    return replace(package, resources=resources)


def _pulled(package: Package, platform: Platform) -> Package:
    mirror, pins = platform.settings.registry.mirror, platform.pins
    if mirror is None and not pins:
        return package
    rewrite = rewriter(structural(package), mirror, pins)
    return rewritten(package, rewrite) if rewrite.names else package


def _marked(resource: Resource, common: dict[str, str], package: Package) -> dict[str, Any]:
    metadata = resource.manifest["metadata"]
    annotations = {**metadata.get("annotations", {}), WAVE: str(package.wave(resource))}
    labels = {**common, **metadata.get("labels", {})}
    marked = {
        **metadata,
        "annotations": dict(sorted(annotations.items())),
        "labels": dict(sorted(labels.items())),
    }
    return {**resource.manifest, "metadata": marked}
