"""Write the graph in Graphviz' language."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from compiler.diagrams.view import View, kind
from compiler.model.instance import Instance


def dot(view: View) -> str:
    lines = ["digraph platform {", "  rankdir=LR;", '  node [shape=box, fontname="sans-serif"];']
    for index, (namespace, members) in enumerate(view.groups.items()):
        if view.grouped:
            lines += [f"  subgraph cluster_{index} {{", f"    label={json.dumps(namespace)};"]
            lines += [f"  {line}" for line in _nodes(members)]
            lines.append("  }")
        else:
            lines += _nodes(members)
    colours = view.colours
    for edge in view.edges:
        ends = f"{json.dumps(edge.consumer)} -> {json.dumps(edge.provider)}"
        colour = json.dumps(colours[edge.interface])
        lines.append(f"  {ends} [label={json.dumps(edge.label)}, color={colour}];")
    return "\n".join([*lines, "}"]) + "\n"


def _nodes(members: Sequence[Instance[Any]]) -> Iterator[str]:
    for node in members:
        label = node.name if kind(node) == node.name else f"{node.name}\n{kind(node)}"
        yield f"  {json.dumps(node.name)} [label={json.dumps(label)}];"
