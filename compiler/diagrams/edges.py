"""Make the nodes and edges of every diagram: instances, and one edge for each binding."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from compiler.model.binding import Binding
from compiler.model.graph import Graph
from compiler.model.instance import Instance


class Edge(Struct, frozen=True):
    """An arrow from a consumer to a provider, labelled with the protocol and the claimed resources."""

    consumer: str
    provider: str
    interface: str
    claimed: tuple[str, ...]
    port: int

    @property
    def label(self) -> str:
        claimed = ", ".join(self.claimed)
        return f"{self.interface}: {claimed}" if claimed else self.interface


def nodes(graph: Graph) -> tuple[Instance[Any], ...]:
    return tuple(graph.instances[name] for name in sorted(graph.instances))


def edges(graph: Graph) -> tuple[Edge, ...]:
    # A consumer may have two logins of a provider: one edge shows both.
    return tuple(dict.fromkeys(map(edge, drawn(graph))))


def drawn(graph: Graph) -> Iterator[Binding]:
    """The bindings that get an edge. A binding that a pooler forwards belongs to the pooler's edge."""
    return (binding for binding in graph.bindings if binding.via is None)


def edge(binding: Binding) -> Edge:
    return Edge(
        binding.consumer.name,
        binding.provider.name,
        binding.requires.endpoint.interface,
        binding.claim.resources,
        binding.offer.port,
    )
