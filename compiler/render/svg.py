"""The graph as a picture: providers on the right, what builds on them to the left.

The layout is the simplest that reads well for a platform: a column for each distance from the
data, rows ordered by what they are bound to. It opens in any browser, light or dark.
"""

from __future__ import annotations

from collections import defaultdict
from html import escape

from compiler.model.graph import Graph
from compiler.render.edges import Edge, edges, nodes

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 170, 44, 190, 34, 24
_STYLE = """
  .node rect { fill: #f6f8fa; stroke: #57606a; }
  .workloads rect { fill: #ddf4ff; }
  .models rect { fill: #fff8c5; }
  text { font: 13px system-ui, sans-serif; fill: #1f2328; text-anchor: middle; }
  .type, .label { font-size: 11px; fill: #57606a; }
  .label { paint-order: stroke; stroke: #ffffff; stroke-width: 4px; }
  path { fill: none; stroke: #8c959f; marker-end: url(#arrow); }
  @media (prefers-color-scheme: dark) {
    .node rect { fill: #21262d; stroke: #8b949e; }
    .workloads rect { fill: #0c2d6b; }
    .models rect { fill: #4b2900; }
    text { fill: #e6edf3; }
    .type, .label { fill: #8b949e; }
    .label { stroke: #0d1117; }
    path { stroke: #6e7681; }
  }
"""

Place = tuple[int, int]


def svg(graph: Graph) -> str:
    """The whole graph, its size in the picture's own units."""
    arrows = edges(graph)
    places = _places(graph, arrows)
    right = max((x for x, _ in places.values()), default=0) + WIDTH + MARGIN
    bottom = max((y for _, y in places.values()), default=0) + HEIGHT + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right} {bottom}" '
        f'width="{right}" height="{bottom}" role="img">',
        f"<style>{_STYLE}</style>",
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" style="fill:#8c959f"/></marker></defs>',
        *(_arrow(edge, places) for edge in arrows),
        *(_label(edge, index, places) for index, edge in enumerate(arrows)),
    ]
    for node in nodes(graph):
        x, y = places[node.name]
        kind = node.type if node.section == "components" else node.section[:-1]
        parts.append(
            f'<g class="node {node.section}"><rect x="{x}" y="{y}" width="{WIDTH}" '
            f'height="{HEIGHT}" rx="6"/><text x="{x + WIDTH // 2}" y="{y + 19}">'
            f'{escape(node.name)}</text><text class="type" x="{x + WIDTH // 2}" y="{y + 35}">'
            f"{escape(kind)}</text></g>"
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _places(graph: Graph, arrows: tuple[Edge, ...]) -> dict[str, Place]:
    """The upper left corner of each instance."""
    distance = _distances(graph, arrows)
    columns: dict[int, list[str]] = defaultdict(list)
    for node in nodes(graph):
        columns[distance[node.name]].append(node.name)
    deepest = max(columns, default=0)
    row: dict[str, float] = {}
    places: dict[str, Place] = {}
    for depth in sorted(columns):
        names = sorted(columns[depth], key=lambda name: (_pull(name, arrows, row), name))
        for index, name in enumerate(names):
            row[name] = float(index)
            x = MARGIN + (deepest - depth) * (WIDTH + GAP_X)
            # Each column is set off a little, so that long arrows pass between boxes.
            y = MARGIN + index * (HEIGHT + GAP_Y) + (depth % 2) * (HEIGHT + GAP_Y) // 2
            places[name] = (x, y)
    return places


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


def _pull(name: str, arrows: tuple[Edge, ...], row: dict[str, float]) -> float:
    """The middle of the rows that an instance is bound to."""
    rows = [row[edge.provider] for edge in arrows if edge.consumer == name and edge.provider in row]
    return sum(rows) / len(rows) if rows else 0.0


def _ends(edge: Edge, places: dict[str, Place]) -> tuple[int, int, int, int]:
    (x1, y1), (x2, y2) = places[edge.consumer], places[edge.provider]
    return x1 + WIDTH, y1 + HEIGHT // 2, x2, y2 + HEIGHT // 2


def _arrow(edge: Edge, places: dict[str, Place]) -> str:
    x1, y1, x2, y2 = _ends(edge, places)
    middle = (x1 + x2) // 2
    return f'<path d="M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"/>'


def _label(edge: Edge, index: int, places: dict[str, Place]) -> str:
    x1, y1, x2, y2 = _ends(edge, places)
    # Near the consumer, where arrows are still apart.
    x, y = x1 + min(GAP_X, x2 - x1) // 2, y1 + (y2 - y1) // 3 - 4 - 6 * (index % 2)
    return f'<text class="label" x="{x}" y="{y}">{escape(edge.label)}</text>'
