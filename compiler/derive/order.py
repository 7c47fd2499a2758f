"""Set the order of delivery: the sync waves of Argo CD, which are also the files for kubectl.

A package starts in its phase's wave, or later if a package that it is bound to ends later. So it
also waits for a provider in the same phase.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from msgspec.structs import replace

from compiler.derive.packages import annotated, each_package
from compiler.diagnostics import Report
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered, Package
from compiler.model.resource import WAVE, Resource

OPTIONS = "argocd.argoproj.io/sync-options"
NOT_PRUNED = "Prune=false"
# The annotations by which Argo CD and Flux keep an object that the platform no longer has.
KEPT = {OPTIONS: NOT_PRUNED, "kustomize.toolkit.fluxcd.io/prune": "disabled"}
# Kubernetes' own kinds whose deletion deletes data; a definition takes all of its objects along.
_KINDS_OF_DATA = ("CustomResourceDefinition", "Namespace", "PersistentVolumeClaim")


def derive(lowered: Lowered, report: Report) -> Lowered:
    starts = _starts(lowered)

    def set_waves(package: Package) -> Package:
        placed = replace(package, start=starts[package.name])
        resources = tuple(_marked(resource, placed) for resource in placed.resources)
        return replace(placed, resources=resources)

    return each_package(lowered, set_waves)


def _marked(resource: Resource, package: Package) -> Resource:
    marks = {WAVE: str(package.wave(resource))}
    if resource.custom.never_pruned if resource.custom else resource.kind in _KINDS_OF_DATA:
        marks |= KEPT
    return replace(resource, manifest=annotated(resource.manifest, marks))


def is_pruned(manifest: Manifest) -> bool:
    """Whether a delivery deletes an object that the platform no longer has."""
    annotations = manifest["metadata"].get("annotations", {})
    return NOT_PRUNED not in str(annotations.get(OPTIONS, "")).split(",")


def _starts(lowered: Lowered) -> Mapping[str, int]:
    """Each package's first wave. If bindings form a cycle, the order of names decides."""
    providers: dict[str, set[str]] = defaultdict(set)
    for binding in lowered.graph.bindings:
        if binding.provider.name in lowered.packages:
            providers[binding.consumer.name].add(binding.provider.name)
    spans = {name: package.span for name, package in lowered.packages.items()}
    starts: dict[str, int] = {}
    in_progress: set[str] = set()

    def start(name: str) -> int:
        if name in starts:
            return starts[name]
        in_progress.add(name)
        before = (provider for provider in sorted(providers[name]) if provider not in in_progress)
        ends = [start(provider) + spans[provider] for provider in before]
        in_progress.discard(name)
        starts[name] = max([packages[name].phase, *ends])
        return starts[name]

    packages = lowered.packages
    return {name: start(name) for name in sorted(packages)}
