"""List the instances that use an instance, directly and through others."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from msgspec import Struct

from compiler.diagrams.edges import Edge, edges
from compiler.diagrams.view import kind
from compiler.model.graph import Graph
from compiler.model.instance import Instance


class Dependent(Struct, frozen=True):
    """An instance that uses another one.

    `through` names the instances between the two, beginning at the dependent: a shortest way. It is empty for a direct
    user. `uses` are the dependent's arrows to the next instance of the way.
    """

    instance: Instance[Any]
    uses: tuple[Edge, ...]
    through: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return kind(self.instance)


def dependents(graph: Graph, name: str) -> tuple[Dependent, ...]:
    """All instances that use the named one, the nearest before the others, otherwise by name."""
    arriving: dict[str, dict[str, list[Edge]]] = defaultdict(lambda: defaultdict(list))
    for edge in edges(graph):
        arriving[edge.provider][edge.consumer].append(edge)
    way_to: dict[str, tuple[str, ...]] = {name: ()}
    nearest, ordered = [name], list[Dependent]()
    while nearest:
        next_ring: dict[str, Dependent] = {}
        for provider in nearest:
            way = () if provider == name else (provider, *way_to[provider])
            for consumer, arrows in arriving[provider].items():
                if consumer not in way_to and consumer not in next_ring:
                    next_ring[consumer] = Dependent(graph.instances[consumer], tuple(arrows), way)
        nearest = sorted(next_ring)
        way_to |= {consumer: next_ring[consumer].through for consumer in nearest}
        ordered += [next_ring[consumer] for consumer in nearest]
    return tuple(ordered)
