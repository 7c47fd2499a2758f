"""The graph as a Mermaid flowchart, which code hosts draw in their pages."""

from __future__ import annotations

from compiler.model.graph import Graph
from compiler.render.edges import edges, nodes


def mermaid(graph: Graph) -> str:
    lines = ["flowchart LR"]
    for node in nodes(graph):
        left, right = {"components": ("[", "]"), "workloads": ("([", "])")}.get(
            node.section, ("{{", "}}")
        )
        label = node.name if node.type in (node.name, node.section[:-1]) else (
            f"{node.name}<br/><i>{node.type}</i>"
        )  # fmt: skip
        lines.append(f'  {_id(node.name)}{left}"{label}"{right}')
    for edge in edges(graph):
        lines.append(f'  {_id(edge.consumer)} -->|"{edge.label}"| {_id(edge.provider)}')
    return "\n".join(lines) + "\n"


def _id(name: str) -> str:
    # A word such as `end` would be Mermaid's own.
    return f"n_{name.replace('-', '_')}"
