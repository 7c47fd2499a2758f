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
    return tuple(dict.fromkeys(edge for binding in drawn(graph) for edge in edges_of(binding)))


def drawn(graph: Graph) -> Iterator[Binding]:
    """The bindings that get an edge. A binding that a pooler forwards belongs to the pooler's edge."""
    return (binding for binding in graph.bindings if binding.via is None)


def edges_of(binding: Binding) -> list[Edge]:
    """The edge of a binding, and an edge to each instance whose key the consumer uses.

    A model uses the key of its namespace's model store. The provider's own bindings have edges already.
    """
    consumer, provider = binding.consumer.name, binding.provider.name
    claimed, port = binding.claim.resources, binding.offer.port
    edges = [Edge(consumer, provider, binding.requires.endpoint.interface, claimed, port)]
    for shared in binding.entailed:
        if shared.consumer.name not in (consumer, provider):
            interface = shared.requires.endpoint.interface
            edges.append(Edge(consumer, shared.consumer.name, interface, (), 0))
    return edges
