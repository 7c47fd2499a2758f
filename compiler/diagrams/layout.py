"""Where the boxes of the graph's picture stand, and the way of each arrow between them.

A column for each distance from the data, providers on the right. An arrow that spans columns takes
up a lane in each column between, so that it passes boxes and not under them. On each box every
arrow has a port of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from msgspec import Struct

from compiler.diagrams.edges import Edge, edges, nodes
from compiler.model.graph import Graph

WIDTH, GAP_X, GAP_Y, MARGIN, PORT, LEAST = 170, 210, 26, 24, 20, 44

Point = tuple[int, int]


class Lane(Struct, frozen=True):
    """The stretch of one arrow in a column that it only passes."""

    edge: Edge
    depth: int


Item = str | Lane


class Box(Struct, frozen=True):
    """A place in the picture: upper left corner and size."""

    x: int
    y: int
    height: int

    def port(self, index: int, count: int) -> int:
        """The height at which one of several arrows meets the box."""
        return self.y + (self.height * (2 * index + 1)) // (2 * count)


class Layout(Struct, frozen=True):
    """Boxes by instance, and the points of each arrow from consumer to provider."""

    boxes: Mapping[str, Box]
    ways: Mapping[Edge, tuple[Point, ...]]
    width: int
    height: int


def layout(graph: Graph) -> Layout:
    arrows = edges(graph)
    depth = _depths(graph, arrows)
    columns = _columns(graph, arrows, depth)
    leaving: dict[str, list[Edge]] = defaultdict(list)
    arriving: dict[str, list[Edge]] = defaultdict(list)
    for edge in arrows:
        leaving[edge.consumer].append(edge)
        arriving[edge.provider].append(edge)
    places: dict[Item, Box] = {}
    deepest = max(columns, default=0)
    for level in sorted(columns):
        y = MARGIN
        for item in sorted(columns[level], key=lambda item: _wish(item, leaving, places)):
            most = max(len(leaving[item]), len(arriving[item])) if isinstance(item, str) else 1
            height = max(LEAST, PORT * most) if isinstance(item, str) else PORT
            places[item] = Box(MARGIN + (deepest - level) * (WIDTH + GAP_X), y, height)
            y += height + GAP_Y
    boxes = {item: box for item, box in places.items() if isinstance(item, str)}
    for name in boxes:
        leaving[name].sort(key=lambda edge: _next(edge, depth[name], places).y)
        arriving[name].sort(key=lambda edge: _previous(edge, depth[name], places).y)
    ways = {edge: _way(edge, depth, places, leaving, arriving) for edge in arrows}
    width = max((box.x for box in places.values()), default=0) + WIDTH + MARGIN
    bottom = max((box.y + box.height for box in places.values()), default=0) + MARGIN
    return Layout(boxes, ways, width, bottom)


def _depths(graph: Graph, arrows: tuple[Edge, ...]) -> dict[str, int]:
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


def _columns(
    graph: Graph, arrows: tuple[Edge, ...], depth: Mapping[str, int]
) -> dict[int, list[Item]]:
    columns: dict[int, list[Item]] = defaultdict(list)
    for node in nodes(graph):
        columns[depth[node.name]].append(node.name)
    for edge in arrows:
        for level in range(depth[edge.provider] + 1, depth[edge.consumer]):
            columns[level].append(Lane(edge, level))
    return columns


def _wish(
    item: Item, leaving: Mapping[str, list[Edge]], places: Mapping[Item, Box]
) -> tuple[float, str]:
    """Where an item would best stand: at the middle of what it leads to, which is placed."""
    if isinstance(item, Lane):
        ahead = places.get(Lane(item.edge, item.depth - 1)) or places.get(item.edge.provider)
        return (float(ahead.y if ahead else 0), item.edge.consumer)
    heights = [places[edge.provider].y for edge in leaving[item] if edge.provider in places]
    return (sum(heights) / len(heights) if heights else 0.0, item)


def _next(edge: Edge, level: int, places: Mapping[Item, Box]) -> Box:
    lane = Lane(edge, level - 1)
    return places[lane] if lane in places else places[edge.provider]


def _previous(edge: Edge, level: int, places: Mapping[Item, Box]) -> Box:
    lane = Lane(edge, level + 1)
    return places[lane] if lane in places else places[edge.consumer]


def _way(
    edge: Edge, depth: Mapping[str, int], places: Mapping[Item, Box],
    leaving: Mapping[str, list[Edge]], arriving: Mapping[str, list[Edge]],
) -> tuple[Point, ...]:  # fmt: skip
    """The points that an arrow passes: a port, both ends of each lane, a port."""
    start, end = places[edge.consumer], places[edge.provider]
    out, into = leaving[edge.consumer], arriving[edge.provider]
    points = [(start.x + WIDTH, start.port(out.index(edge), len(out)))]
    for level in range(depth[edge.consumer] - 1, depth[edge.provider], -1):
        lane = places[Lane(edge, level)]
        middle = lane.y + lane.height // 2
        points += [(lane.x, middle), (lane.x + WIDTH, middle)]
    points.append((end.x, end.port(into.index(edge), len(into))))
    return tuple(points)
