"""Name the places at which consumers keep data, in terms that two compilations share."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.model.binding import Binding
from compiler.model.graph import Graph
from compiler.tenants import move as tenant

Claims = Mapping[tuple[str, str], Binding]  # by consumer and slot
Address = tuple[str, str, str]
_NO_SERVERS: Mapping[str, str] = {}


def claims(graph: Graph) -> Claims:
    """All bindings of consumers, without those of poolers to their servers.

    The Job of a move is no consumer: it only copies the data of consumers.
    """
    return {
        (binding.consumer.name, binding.requires.slot): binding
        for binding in graph.bindings
        if binding.via is None and binding.consumer.section != tenant.SECTION
    }


def address(binding: Binding, servers: Mapping[str, str] = _NO_SERVERS) -> Address:
    """The identity of a provider: the name of a Service may change, but not an external address.

    Renamed servers that keep their data have their new name.
    """
    provider = binding.provider
    name = servers.get(provider.name, provider.name)
    return name, provider.type, binding.host if binding.offer.external else ""
