"""The graph as a Mermaid flowchart, which code hosts draw in their pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from compiler.diagrams.edges import drawn, edge, nodes
from compiler.model.binding import Binding
from compiler.model.graph import Graph
from compiler.model.instance import Instance

T = TypeVar("T")
Lines = dict[int, tuple[object, str]]  # by the id of what they show, which is kept for that


def mermaid(graph: Graph, known: Lines | None = None) -> str:
    """The whole graph; `known` is what pictures of other environments have in common with it."""
    lines: Lines = {} if known is None else known

    def line(of: T, draw: Callable[[T], str]) -> str:
        found = lines.get(id(of)) or lines.setdefault(id(of), (of, draw(of)))
        return found[1]

    shown = [line(one, _node) for one in nodes(graph)]
    shown += [line(one, _edge) for one in drawn(graph)]
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
    one = edge(binding)
    return f'  {_id(one.consumer)} -->|"{one.label}"| {_id(one.provider)}\n'


def _id(name: str) -> str:
    # A word such as `end` would be Mermaid's own.
    return f"n_{name.replace('-', '_')}"
