"""Lower the graph to packages: each component turns its instances into objects.

A component sees only the instance's spec and its wiring.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

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
    Phase,
    Resource,
)
from compiler.registry import module


def lower(platform: Platform, graph: Graph) -> Lowered:
    """The packages of all instances except models; instances without objects have none."""
    packages: dict[str, Package] = {}
    for name, instance in graph.instances.items():
        if instance.section == "models":
            continue  # there may be thousands: see models.py
        package = package_of(instance, module(instance).lower(instance, graph.wiring(name)))
        if any(
            binding.provider.section == "models"
            for binding in graph.by_consumer.get(name, {}).values()
        ):
            # A Job that calls a model can only end once the model is there.
            package = replace(package, phase=Phase.CALLERS)
        if package.resources or package.configs or package.metrics:
            packages[name] = package
    return Lowered(platform, graph, packages)


def package_of(instance: Instance[Any], pieces: Iterable[Piece]) -> Package:
    by_type: dict[type[Any], list[Any]] = defaultdict(list)
    for piece in pieces:
        by_type[type(piece)].append(piece)
    return Package(
        name=instance.name,
        source=dotted(instance.declared or instance.path),
        phase=module(instance).PHASE,
        namespace=instance.namespace,
        resources=tuple(by_type[Resource]),
        configs=tuple(by_type[ConfigFiles]),
        credentials=tuple(by_type[Credential]),
        internal_traffic=tuple(by_type[InternalTraffic]),
        egress=tuple(by_type[Egress]),
        ingress=tuple(by_type[Ingress]),
        metrics=tuple(by_type[Metrics]),
        operator_pods=tuple(by_type[OperatorPods]),
        instance=instance,
    )


def dotted(path: Path) -> str:
    """A path in the spec as people write it."""
    return ".".join(str(part) for part in path)
