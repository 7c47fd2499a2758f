"""Draw the graph as an SVG picture that opens in any browser, light or dark.

Each protocol has a colour, which the legend names. An arrow below the pointer shows its label.
"""

from __future__ import annotations

from collections.abc import Mapping

from compiler.diagrams.edges import Edge
from compiler.diagrams.layout import GAP_X, MARGIN, Box, Layout, Point, layout
from compiler.diagrams.view import View, kind
from compiler.text import svg_text

_STYLE = """
  .node rect { fill: #f6f8fa; stroke: #57606a; }
  .workloads rect { fill: #ddf4ff; }
  .models rect { fill: #fff8c5; }
  .band rect { fill: none; stroke: #8c959f; stroke-dasharray: 4 4; }
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .node text { text-anchor: middle; }
  .type, .label, .band text, .legend text { font-size: 11px; fill: #57606a; }
  .label { stroke: #ffffff; stroke-width: 3px; paint-order: stroke; }
  .edge path { fill: none; stroke-width: 1.5; }
  .edge:hover path { stroke-width: 4; }
  @media (prefers-color-scheme: dark) {
    .node rect { fill: #21262d; stroke: #8b949e; }
    .workloads rect { fill: #0c2d6b; }
    .models rect { fill: #4b2900; }
    text { fill: #e6edf3; }
    .type, .label, .band text, .legend text { fill: #8b949e; }
    .label { stroke: #0d1117; }
  }
"""
_LONGEST_LABEL = 34  # the letters that fit between two columns
_LEGEND, _LEGEND_LINE = 150, 30  # width of an entry of the legend; height of its rows


def svg(view: View) -> str:
    """The picture; its size is in its own units."""
    plan, colours = layout(view), view.colours
    per_row = max(1, (plan.width - 2 * MARGIN) // _LEGEND)
    height = plan.height + _LEGEND_LINE * -(-len(colours) // per_row)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {plan.width} {height}" '
        f'width="{plan.width}" height="{height}" role="img">',
        f"<style>{_STYLE}</style>",
        *_arrowheads(colours),
        *(_band(name, box) for name, box in plan.bands.items()),
        *(_arrow(edge, route, colours[edge.interface]) for edge, route in plan.routes.items()),
        *(_label(edge, route[0]) for edge, route in plan.routes.items()),
        *_nodes(view, plan),
        *_legend(colours, plan.height, per_row),
    ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _arrowheads(colours: Mapping[str, str]) -> list[str]:
    return [
        f'<defs><marker id="arrow-{svg_text(name)}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="5" '
        f'markerHeight="5" orient="auto"><polygon points="0,0 8,4 0,8" fill="{colour}"/>'
        "</marker></defs>"
        for name, colour in colours.items()
    ]


def _band(name: str, box: Box) -> str:
    frame = f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="8"/>'
    text = f'<text x="{box.x + 10}" y="{box.y + 18}">namespace {svg_text(name)}</text>'
    return f'<g class="band">{frame}{text}</g>'


def _nodes(view: View, plan: Layout) -> list[str]:
    return [
        _node(node.name, kind(node), node.section, plan.boxes[node.name]) for node in view.nodes
    ]


def _node(name: str, type: str, section: str, box: Box) -> str:
    middle, y = box.x + box.width // 2, box.y + box.height // 2
    frame = f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="6"/>'
    # Most components have the name of their type: show it once.
    same_name = type == name
    called = f'<text x="{middle}" y="{y + 5 if same_name else y - 2}">{svg_text(name)}</text>'
    below = (
        "" if same_name else f'<text class="type" x="{middle}" y="{y + 14}">{svg_text(type)}</text>'
    )
    return f'<g class="node {section}">{frame}{called}{below}</g>'


def _arrow(edge: Edge, route: tuple[Point, ...], colour: str) -> str:
    (x, y), bend = route[0], GAP_X // 2
    drawn = [f"M{x} {y}"]
    for index in range(1, len(route)):
        (x1, y1), (x2, y2) = route[index - 1], route[index]
        passing = index % 2 == 0  # along a lane
        drawn.append(f"L{x2} {y2}" if passing else f"C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}")
    port = f", port {edge.port}" if edge.port else ""  # some offers are only configuration
    title = svg_text(f"{edge.consumer} uses {edge.provider}: {edge.label}{port}")
    path = f'<path d="{"".join(drawn)}" stroke="{colour}" marker-end="url(#arrow-{svg_text(edge.interface)})"/>'
    return f'<g class="edge"><title>{title}</title>{path}</g>'


def _label(edge: Edge, start: Point) -> str:
    """The label of an arrow, written over the arrows, with a seam that separates it from them."""
    x, y = start
    text = edge.label
    label = text if len(text) <= _LONGEST_LABEL else f"{text[: _LONGEST_LABEL - 3]}..."
    return f'<text class="label" x="{x + 8}" y="{y - 4}">{svg_text(label)}</text>'


def _legend(colours: Mapping[str, str], top: int, per_row: int) -> list[str]:
    parts = []
    for index, (name, colour) in enumerate(colours.items()):
        x = MARGIN + _LEGEND * (index % per_row)
        y = top + _LEGEND_LINE * (index // per_row)
        line = f'<rect x="{x}" y="{y}" width="18" height="4" fill="{colour}"/>'
        parts.append(
            f'<g class="legend">{line}<text x="{x + 26}" y="{y + 7}">{svg_text(name)}</text></g>'
        )
    return parts
