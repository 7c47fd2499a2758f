"""Choose the part of the graph that a diagram shows, its groups, and the colours of protocols."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any
from zlib import crc32

from msgspec import Struct

from compiler.diagrams.edges import Edge, edges, nodes
from compiler.model.graph import Graph
from compiler.model.instance import Instance

# Colours that differ on white and on dark backgrounds, also for most colour-blind people
# (Paul Tol's "bright" and "muted" schemes, and colours between them).
_PALETTE = (
    "#4477aa", "#cc6677", "#228833", "#aa3377", "#b8860b", "#0f8b8d",
    "#882255", "#6f7d1f", "#7b5ea7", "#d2691e", "#3d9ac7", "#8c6d5a",
)  # fmt: skip


class View(Struct, frozen=True):
    """The nodes and edges of a diagram; `grouped` if it has a frame for each namespace."""

    nodes: tuple[Instance[Any], ...]
    edges: tuple[Edge, ...]
    grouped: bool = False

    @property
    def colours(self) -> Mapping[str, str]:
        """A colour for each protocol: the same in every diagram, unless two protocols would share it."""
        colours: dict[str, str] = {}
        for interface in sorted({edge.interface for edge in self.edges}):
            start = crc32(interface.encode()) % len(_PALETTE)
            order = [*_PALETTE[start:], *_PALETTE[:start]]
            free = [colour for colour in order if colour not in colours.values()]
            colours[interface] = (free or order)[0]
        return colours

    @property
    def groups(self) -> Mapping[str, tuple[Instance[Any], ...]]:
        """The nodes by namespace; all under one empty name if they are not grouped."""
        groups: dict[str, list[Instance[Any]]] = defaultdict(list)
        for node in self.nodes:
            groups[node.namespace if self.grouped else ""].append(node)
        return {name: tuple(groups[name]) for name in sorted(groups)}


def view(graph: Graph, selected: Collection[str] = (), *, grouped: bool = False) -> View:
    """The whole graph; or the selected instances, all instances that they use, and their direct users."""
    drawn, arrows = nodes(graph), edges(graph)
    if selected:
        used = _used(selected, arrows)
        arrows = tuple(
            edge for edge in arrows if edge.consumer in used or edge.provider in selected
        )
        ends = {name for edge in arrows for name in (edge.consumer, edge.provider)}
        drawn = tuple(node for node in drawn if node.name in ends | set(selected))
    return View(drawn, arrows, grouped)


def _used(selected: Collection[str], arrows: Collection[Edge]) -> set[str]:
    """Some instances and all that they use, directly and through others."""
    used, pending = set(selected), list(selected)
    while pending:
        name = pending.pop()
        providers = {edge.provider for edge in arrows if edge.consumer == name} - used
        used |= providers
        pending += providers
    return used


def kind(node: Instance[Any]) -> str:
    """The kind of a node: a component's type, or a model or workload."""
    return str(node.type) if node.section == "components" else node.section[:-1].replace("_", " ")
