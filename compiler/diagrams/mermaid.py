"""The graph as a Mermaid flowchart, which code hosts draw in their pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from compiler.diagrams.edges import drawn, edge, nodes
from compiler.model.binding import Binding
from compiler.model.graph import Graph
from compiler.model.instance import Instance

T = TypeVar("T")
# Written lines by the id of their node or binding, which the entry keeps alive.
Lines = dict[int, tuple[object, str]]


def mermaid(graph: Graph, cache: Lines | None = None) -> str:
    """The whole graph. `cache` keeps the lines that diagrams of several environments share."""
    lines: Lines = {} if cache is None else cache

    def line(source: T, draw: Callable[[T], str]) -> str:
        entry = lines.get(id(source)) or lines.setdefault(id(source), (source, draw(source)))
        return entry[1]

    shown = [line(node, _node) for node in nodes(graph)]
    shown += [line(binding, _edge) for binding in drawn(graph)]
    return f"flowchart LR\n{''.join(shown)}"


def _node(node: Instance[Any]) -> str:
    left, right = {"components": ("[", "]"), "workloads": ("([", "])")}.get(
        node.section, ("{{", "}}")
    )
    label = node.name if node.type in (node.name, node.section[:-1]) else (
        f"{node.name}<br/><i>{node.type}</i>"
    )  # fmt: skip
    return f'  {_id(node.name)}{left}"{label}"{right}\n'


def _edge(binding: Binding) -> str:
    arrow = edge(binding)
    return f'  {_id(arrow.consumer)} -->|"{arrow.label}"| {_id(arrow.provider)}\n'


def _id(name: str) -> str:
    # The prefix avoids keywords of Mermaid, such as `end`.
    return f"n_{name.replace('-', '_')}"
