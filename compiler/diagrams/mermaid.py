"""Write the graph as a Mermaid flowchart, which code hosts draw in their pages."""

from __future__ import annotations

from typing import Any

from compiler.diagrams.edges import Edge, drawn, edges_of, nodes
from compiler.diagrams.view import View
from compiler.model.binding import Binding
from compiler.model.graph import Graph
from compiler.model.instance import Instance
from compiler.model.memo import Memo
from compiler.text import mermaid_label


def diagram(graph: Graph, memo: Memo | None = None) -> str:
    """The whole graph. Diagrams of several environments share their lines by a memo."""
    memo = memo or Memo()
    lines = [line for _, line in memo.each(_node, nodes(graph))]
    lines += [line for _, line in memo.each(_arrows, drawn(graph))]
    return f"flowchart LR\n{''.join(lines)}"


def mermaid(view: View) -> str:
    """A part of the graph, with a frame for each namespace where it is grouped, and coloured arrows."""
    lines = ["flowchart LR\n"]
    for namespace, members in view.groups.items():
        lines_of_group = [_node(node) for node in members]
        if view.grouped:
            lines_of_group = [
                f'  subgraph ns_{_id(namespace)} ["{mermaid_label(namespace)}"]\n',
                *lines_of_group,
                "  end\n",
            ]
        lines += lines_of_group
    colours = view.colours
    lines += [_arrow(edge) for edge in view.edges]
    lines += [
        f"  linkStyle {index} stroke:{colours[edge.interface]}\n"
        for index, edge in enumerate(view.edges)
    ]
    return "".join(lines)


def _node(node: Instance[Any]) -> str:
    left, right = {"components": ("[", "]"), "workloads": ("([", "])")}.get(
        node.section, ("{{", "}}")
    )
    label = mermaid_label(node.name)
    if node.type not in (node.name, node.section[:-1]):
        label += f"<br/><i>{mermaid_label(node.type)}</i>"
    return f'  {_id(node.name)}{left}"{label}"{right}\n'


def _arrows(binding: Binding) -> str:
    return "".join(map(_arrow, edges_of(binding)))


def _arrow(arrow: Edge) -> str:
    return f'  {_id(arrow.consumer)} -->|"{mermaid_label(arrow.label)}"| {_id(arrow.provider)}\n'


def _id(name: str) -> str:
    # The prefix avoids keywords of Mermaid, such as `end`.
    return f"n_{name.replace('-', '_')}"
