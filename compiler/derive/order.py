"""The order of delivery: one partial order, said to Argo CD as sync waves and to kubectl as files.

A package starts in its phase's wave, or after what it is bound to where that ends later: whoever
shares a phase with its provider waits for it all the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from msgspec.structs import replace

from compiler.derive.packages import annotated, each_package
from compiler.diagnostics import Report
from compiler.model.package import Lowered, Package
from compiler.model.resource import WAVE, Resource

OPTIONS = "argocd.argoproj.io/sync-options"
# Whoever deletes these deletes data: no deliverer does it by itself.
KEPT = ("Namespace", "PersistentVolumeClaim")


def derive(lowered: Lowered, report: Report) -> Lowered:
    starts = _starts(lowered)

    def one(package: Package) -> Package:
        placed = replace(package, start=starts[package.name])
        resources = tuple(_marked(resource, placed) for resource in placed.resources)
        return replace(placed, resources=resources)

    return each_package(lowered, one)


def _marked(resource: Resource, package: Package) -> Resource:
    marks = {WAVE: str(package.wave(resource))}
    if resource.kind in KEPT:
        marks[OPTIONS] = "Prune=false"
    return replace(resource, manifest=annotated(resource.manifest, marks))


def _starts(lowered: Lowered) -> Mapping[str, int]:
    """Each package's first wave. Where bindings form a circle, names decide who goes first."""
    providers: dict[str, set[str]] = defaultdict(set)
    for binding in lowered.graph.bindings:
        if binding.provider.name in lowered.packages:
            providers[binding.consumer.name].add(binding.provider.name)
    starts: dict[str, int] = {}
    under_way: set[str] = set()

    def start(name: str) -> int:
        if name in starts:
            return starts[name]
        under_way.add(name)
        before = (one for one in sorted(providers[name]) if one not in under_way)
        ends = [start(one) + packages[one].span for one in before]
        under_way.discard(name)
        starts[name] = max([packages[name].phase, *ends])
        return starts[name]

    packages = lowered.packages
    return {name: start(name) for name in sorted(packages)}
