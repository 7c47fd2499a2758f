"""Graph to packages: each instance becomes its objects, from its own spec and wiring alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never

from compiler.model.credential import Credential
from compiler.model.document import Path
from compiler.model.graph import Graph, Instance, Piece
from compiler.model.package import Lowered, Package, Platform
from compiler.model.resource import ConfigFiles, Egress, Ingress, Made, Peering, Resource
from compiler.resolve import module


def lower(platform: Platform, graph: Graph) -> Lowered:
    """Every instance's package but the models'; who lowers to nothing has none."""
    wiring = graph.wiring()
    packages: dict[str, Package] = {}
    for name, instance in graph.instances.items():
        if instance.section == "models":
            continue  # there may be thousands: see models.py
        package = package_of(instance, module(instance).lower(instance, wiring[name]))
        if package.resources or package.configs:
            packages[name] = package
    return Lowered(platform, graph, packages)


def package_of(instance: Instance[Any], pieces: Iterable[Piece]) -> Package:
    resources: list[Resource] = []
    configs: list[ConfigFiles] = []
    credentials: list[Credential] = []
    peerings: list[Peering] = []
    egress: list[Egress] = []
    ingress: list[Ingress] = []
    made: list[Made] = []
    for piece in pieces:
        match piece:
            case Resource():
                resources.append(piece)
            case ConfigFiles():
                configs.append(piece)
            case Credential():
                credentials.append(piece)
            case Peering():
                peerings.append(piece)
            case Egress():
                egress.append(piece)
            case Ingress():
                ingress.append(piece)
            case Made():
                made.append(piece)
            case _:
                assert_never(piece)
    return Package(
        name=instance.name,
        source=dotted(instance.declared or instance.path),
        phase=module(instance).PHASE,
        namespace=instance.namespace,
        resources=tuple(resources),
        configs=tuple(configs),
        credentials=tuple(credentials),
        peerings=tuple(peerings),
        egress=tuple(egress),
        ingress=tuple(ingress),
        made=tuple(made),
        instance=instance,
    )


def dotted(path: Path) -> str:
    """A spec path as people write it."""
    return ".".join(str(part) for part in path)
