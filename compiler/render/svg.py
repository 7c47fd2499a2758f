"""The graph as a picture: providers on the right, what builds on them to the left.

The layout is the simplest that reads well for a platform: a column for each distance from the
data, and on each box a port for every arrow, so that neither arrows nor their labels lie on each
other where they start. It opens in any browser, light or dark.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from compiler.model.graph import Graph
from compiler.render.edges import Edge, edges, nodes

WIDTH, GAP_X, GAP_Y, MARGIN, PORT = 170, 210, 26, 24, 20
_STYLE = """
  .node rect { fill: #f6f8fa; stroke: #57606a; }
  .workloads rect { fill: #ddf4ff; }
  .models rect { fill: #fff8c5; }
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .node text { text-anchor: middle; }
  .type, .label { font-size: 11px; fill: #57606a; }
  path { fill: none; stroke: #8c959f; marker-end: url(#arrow); }
  @media (prefers-color-scheme: dark) {
    .node rect { fill: #21262d; stroke: #8b949e; }
    .workloads rect { fill: #0c2d6b; }
    .models rect { fill: #4b2900; }
    text { fill: #e6edf3; }
    .type, .label { fill: #8b949e; }
    path { stroke: #6e7681; }
  }
"""
_ARROW = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
    'markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" style="fill:#8c959f;stroke:none"/>'
    "</marker></defs>"
)


@dataclass(frozen=True, slots=True)
class Box:
    """An instance's place, and its arrows in the order of their ports."""

    x: int
    y: int
    height: int
    leaving: tuple[Edge, ...]
    arriving: tuple[Edge, ...]

    def port(self, edge: Edge, side: tuple[Edge, ...]) -> int:
        """The height at which an arrow meets the box."""
        return self.y + (self.height * (2 * side.index(edge) + 1)) // (2 * len(side))


def svg(graph: Graph) -> str:
    """The whole graph, its size in the picture's own units."""
    arrows = edges(graph)
    boxes = _boxes(graph, arrows)
    width = max((box.x for box in boxes.values()), default=0) + WIDTH + MARGIN
    height = max((box.y + box.height for box in boxes.values()), default=0) + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img">',
        f"<style>{_STYLE}</style>{_ARROW}",
        *(_arrow(edge, boxes[edge.consumer], boxes[edge.provider]) for edge in arrows),
    ]
    for node in nodes(graph):
        kind = node.type if node.section == "components" else node.section[:-1]
        parts.append(_node(node.name, kind, node.section, boxes[node.name]))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _node(name: str, kind: str, section: str, box: Box) -> str:
    middle, y = box.x + WIDTH // 2, box.y + box.height // 2
    return (
        f'<g class="node {section}"><rect x="{box.x}" y="{box.y}" width="{WIDTH}" '
        f'height="{box.height}" rx="6"/><text x="{middle}" y="{y - 2}">{escape(name)}</text>'
        f'<text class="type" x="{middle}" y="{y + 14}">{escape(kind)}</text></g>'
    )


def _arrow(edge: Edge, consumer: Box, provider: Box) -> str:
    x1, y1 = consumer.x + WIDTH, consumer.port(edge, consumer.leaving)
    x2, y2 = provider.x, provider.port(edge, provider.arriving)
    bend = GAP_X // 2
    return (
        f'<path d="M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"/>'
        f'<text class="label" x="{x1 + 8}" y="{y1 - 4}">{escape(edge.label)}</text>'
    )


def _boxes(graph: Graph, arrows: tuple[Edge, ...]) -> dict[str, Box]:
    distance = _distances(graph, arrows)
    columns: dict[int, list[str]] = defaultdict(list)
    for node in nodes(graph):
        columns[distance[node.name]].append(node.name)
    deepest = max(columns, default=0)
    rows: dict[str, int] = {}
    boxes: dict[str, Box] = {}
    for depth in sorted(columns):
        y = MARGIN
        for name in sorted(columns[depth], key=lambda name: (_pull(name, arrows, rows), name)):
            leaving = [edge for edge in arrows if edge.consumer == name]
            arriving = tuple(edge for edge in arrows if edge.provider == name)
            leaving.sort(key=lambda edge: (rows.get(edge.provider, 0), edge.provider))
            height = max(44, PORT * max(len(leaving), len(arriving)))
            x = MARGIN + (deepest - depth) * (WIDTH + GAP_X)
            boxes[name] = Box(x, y, height, tuple(leaving), arriving)
            rows[name] = y
            y += height + GAP_Y
    return boxes


def _pull(name: str, arrows: tuple[Edge, ...], rows: Mapping[str, int]) -> float:
    """The middle of the rows that an instance is bound to."""
    bound = [
        rows[edge.provider] for edge in arrows if edge.consumer == name and edge.provider in rows
    ]
    return sum(bound) / len(bound) if bound else 0.0


def _distances(graph: Graph, arrows: tuple[Edge, ...]) -> dict[str, int]:
    """How many bindings lie between an instance and the last provider; circles are cut."""
    behind: dict[str, list[str]] = defaultdict(list)
    for edge in arrows:
        behind[edge.consumer].append(edge.provider)
    found: dict[str, int] = {}

    def visit(name: str, path: frozenset[str]) -> int:
        if name not in found:
            ahead = [visit(one, path | {name}) for one in behind[name] if one not in path]
            found[name] = 1 + max(ahead, default=-1)
        return found[name]

    for name in graph.instances:
        visit(name, frozenset({name}))
    return found
