"""Choose the instance that takes over each live server, or the name of a new one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, count
from typing import Any

from msgspec import Struct

from compiler.model.graph import Graph
from compiler.model.instance import Instance
from compiler.model.manifest import Manifest
from compiler.spec.section import accepts
from compiler.spec.types import Name


class Server(Struct, frozen=True):
    """A live workload that runs the program of a type."""

    type: str
    workload: Manifest

    @property
    def name(self) -> str:
        return str(self.workload["metadata"]["name"])

    @property
    def namespace(self) -> str:
        return str(self.workload["metadata"].get("namespace", ""))


def section_names(graph: Graph, servers: Iterable[Server]) -> Iterator[tuple[Server, str]]:
    """Each server with the name of its section; no two have the same.

    An instance of the server's namespace takes it over, if there is one. Else the section moves the
    platform's only instance of the type to the server's namespace.
    """
    numbered = dict(enumerate(servers))
    of_server, rest = dict[int, str](), dict(numbered)
    for fits in (_same, _same_namespace, _same_name, _any):
        for index, server in list(rest.items()):
            matches = [
                instance.name
                for instance in graph.instances.values()
                if instance.section == "components"
                and instance.type == server.type
                and instance.name not in of_server.values()
                and fits(server, instance)
            ]
            if len(matches) == 1:
                of_server[index] = matches[0]
                del rest[index]
    for index, server in rest.items():
        of_server[index] = _new_name(server, {*graph.instances, *of_server.values()})
    yield from ((server, of_server[index]) for index, server in numbered.items())


def _new_name(server: Server, used_names: set[str]) -> str:
    """The name of the live server if no instance has it, or one that begins with the type."""
    numbered = (f"{server.type}-{number}" for number in count(2))
    names = chain((server.name, f"{server.type}-{server.namespace}"), numbered)
    return next(name for name in names if name not in used_names and accepts(Name, name))


def _same(server: Server, instance: Instance[Any]) -> bool:
    return _same_name(server, instance) and _same_namespace(server, instance)


def _same_namespace(server: Server, instance: Instance[Any]) -> bool:
    return instance.namespace == server.namespace


def _same_name(server: Server, instance: Instance[Any]) -> bool:
    return instance.name == server.name


def _any(server: Server, instance: Instance[Any]) -> bool:
    return True
