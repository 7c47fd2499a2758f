"""Graph to packages: each instance becomes its objects, from its own spec and wiring alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from compiler.document import Path
from compiler.model.component import Piece
from compiler.model.credential import Credential
from compiler.model.graph import Graph
from compiler.model.instance import Instance
from compiler.model.metrics import Metrics
from compiler.model.package import Lowered, Package, Platform
from compiler.model.resource import (
    ConfigFiles,
    Egress,
    Ingress,
    InternalTraffic,
    OperatorPods,
    Resource,
)
from compiler.registry import module


def lower(platform: Platform, graph: Graph) -> Lowered:
    """Every instance's package but the models'; who lowers to nothing has none."""
    packages: dict[str, Package] = {}
    for name, instance in graph.instances.items():
        if instance.section == "models":
            continue  # there may be thousands: see models.py
        package = package_of(instance, module(instance).lower(instance, graph.wiring(name)))
        if package.resources or package.configs or package.metrics:
            packages[name] = package
    return Lowered(platform, graph, packages)


def package_of(instance: Instance[Any], pieces: Iterable[Piece]) -> Package:
    found: dict[type[Any], list[Any]] = defaultdict(list)
    for piece in pieces:
        found[type(piece)].append(piece)
    return Package(
        name=instance.name,
        source=dotted(instance.declared or instance.path),
        phase=module(instance).PHASE,
        namespace=instance.namespace,
        resources=tuple(found[Resource]),
        configs=tuple(found[ConfigFiles]),
        credentials=tuple(found[Credential]),
        internal_traffic=tuple(found[InternalTraffic]),
        egress=tuple(found[Egress]),
        ingress=tuple(found[Ingress]),
        metrics=tuple(found[Metrics]),
        operator_pods=tuple(found[OperatorPods]),
        instance=instance,
    )


def dotted(path: Path) -> str:
    """A spec path as people write it."""
    return ".".join(str(part) for part in path)
