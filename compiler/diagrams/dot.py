"""The graph in Graphviz' language."""

from __future__ import annotations

import json

from compiler.diagrams.edges import edges, nodes
from compiler.model.graph import Graph


def dot(graph: Graph) -> str:
    lines = ["digraph platform {", "  rankdir=LR;", '  node [shape=box, fontname="sans-serif"];']
    for node in nodes(graph):
        kind = node.type if node.section == "components" else node.section[:-1].replace("_", " ")
        label = node.name if kind == node.name else f"{node.name}\n{kind}"
        lines.append(f"  {json.dumps(node.name)} [label={json.dumps(label)}];")
    for edge in edges(graph):
        ends = f"{json.dumps(edge.consumer)} -> {json.dumps(edge.provider)}"
        lines.append(f"  {ends} [label={json.dumps(edge.label)}];")
    return "\n".join([*lines, "}"]) + "\n"
