"""The graph as an SVG picture that opens in any browser, light or dark."""

from __future__ import annotations

from html import escape

from compiler.diagrams.edges import Edge, nodes
from compiler.diagrams.layout import GAP_X, WIDTH, Box, Point, layout
from compiler.model.graph import Graph

_STYLE = """
  .node rect { fill: #f6f8fa; stroke: #57606a; }
  .workloads rect { fill: #ddf4ff; }
  .models rect { fill: #fff8c5; }
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .node text { text-anchor: middle; }
  .type, .label { font-size: 11px; fill: #57606a; }
  .label { stroke: #ffffff; stroke-width: 3px; paint-order: stroke; }
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
_ARROW = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
    'markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" style="fill:#8c959f;stroke:none"/>'
    "</marker></defs>"
)


def svg(graph: Graph) -> str:
    """The whole graph as an SVG document."""
    plan = layout(graph)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {plan.width} {plan.height}" '
        f'width="{plan.width}" height="{plan.height}" role="img">',
        f"<style>{_STYLE}</style>{_ARROW}",
        *(_arrow(route) for route in plan.routes.values()),
        *(_label(edge, route[0]) for edge, route in plan.routes.items()),
    ]
    for node in nodes(graph):
        kind = node.type if node.section == "components" else node.section[:-1].replace("_", " ")
        parts.append(_node(node.name, kind, node.section, plan.boxes[node.name]))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _node(name: str, kind: str, section: str, box: Box) -> str:
    middle, y = box.x + WIDTH // 2, box.y + box.height // 2
    frame = f'<rect x="{box.x}" y="{box.y}" width="{WIDTH}" height="{box.height}" rx="6"/>'
    # Most components have the name of their type: show it once.
    same = kind == name
    title = f'<text x="{middle}" y="{y + 5 if same else y - 2}">{escape(name)}</text>'
    type = "" if same else f'<text class="type" x="{middle}" y="{y + 14}">{escape(kind)}</text>'
    return f'<g class="node {section}">{frame}{title}{type}</g>'


def _arrow(route: tuple[Point, ...]) -> str:
    (x, y), bend = route[0], GAP_X // 2
    drawn = [f"M{x} {y}"]
    for index in range(1, len(route)):
        (x1, y1), (x2, y2) = route[index - 1], route[index]
        passing = index % 2 == 0  # along a lane
        drawn.append(f"L{x2} {y2}" if passing else f"C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}")
    return f'<path d="{"".join(drawn)}"/>'


def _label(edge: Edge, start: Point) -> str:
    """Text over the arrows, with a margin in the background's colour where it crosses one."""
    x, y = start
    return f'<text class="label" x="{x + 8}" y="{y - 4}">{escape(edge.label)}</text>'
