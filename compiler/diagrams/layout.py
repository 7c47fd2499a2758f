"""The layout of the diagram: the position of each box, and the route of each arrow.

Instances at the same distance from the data share a column, with providers on the right. An arrow
that spans several columns takes a lane in each column between, so that it does not run under a box.
Each arrow meets a box at a separate port.
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
    """The stretch of one arrow in a column that it crosses."""

    edge: Edge
    depth: int


Item = str | Lane


class Box(Struct, frozen=True):
    """The upper left corner and the height of a box."""

    x: int
    y: int
    height: int

    def port(self, index: int, count: int) -> int:
        """The height at which one of several arrows meets the box."""
        return self.y + (self.height * (2 * index + 1)) // (2 * count)


class Layout(Struct, frozen=True):
    """Boxes by instance, and the points of each arrow from consumer to provider."""

    boxes: Mapping[str, Box]
    routes: Mapping[Edge, tuple[Point, ...]]
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
    boxes_of: dict[Item, Box] = {}
    deepest = max(columns, default=0)
    for level in sorted(columns):
        y = MARGIN
        for item in sorted(columns[level], key=lambda item: _preferred(item, leaving, boxes_of)):
            arrow_count = (
                max(len(leaving[item]), len(arriving[item])) if isinstance(item, str) else 1
            )
            height = max(LEAST, PORT * arrow_count) if isinstance(item, str) else PORT
            boxes_of[item] = Box(MARGIN + (deepest - level) * (WIDTH + GAP_X), y, height)
            y += height + GAP_Y
    instances = {item: box for item, box in boxes_of.items() if isinstance(item, str)}
    for name in instances:
        leaving[name].sort(key=lambda edge: _next(edge, depth[name], boxes_of).y)
        arriving[name].sort(key=lambda edge: _previous(edge, depth[name], boxes_of).y)
    routes = {edge: _route(edge, depth, boxes_of, leaving, arriving) for edge in arrows}
    width = max((box.x for box in boxes_of.values()), default=0) + WIDTH + MARGIN
    bottom = max((box.y + box.height for box in boxes_of.values()), default=0) + MARGIN
    return Layout(instances, routes, width, bottom)


def _depths(graph: Graph, arrows: tuple[Edge, ...]) -> dict[str, int]:
    """The number of bindings between an instance and its last provider; cycles are cut."""
    providers: dict[str, list[str]] = defaultdict(list)
    for edge in arrows:
        providers[edge.consumer].append(edge.provider)
    depths: dict[str, int] = {}

    def visit(name: str, path: frozenset[str]) -> int:
        if name not in depths:
            provider_depths = [
                visit(provider, path | {name})
                for provider in providers[name]
                if provider not in path
            ]
            depths[name] = 1 + max(provider_depths, default=-1)
        return depths[name]

    for name in graph.instances:
        visit(name, frozenset({name}))
    return depths


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


def _preferred(
    item: Item, leaving: Mapping[str, list[Edge]], boxes: Mapping[Item, Box]
) -> tuple[float, str]:
    """The preferred position of an item: level with the middle of its providers, which have a
    place.
    """
    if isinstance(item, Lane):
        target = boxes.get(Lane(item.edge, item.depth - 1)) or boxes.get(item.edge.provider)
        return (float(target.y if target else 0), item.edge.consumer)
    heights = [boxes[edge.provider].y for edge in leaving[item] if edge.provider in boxes]
    return (sum(heights) / len(heights) if heights else 0.0, item)


def _next(edge: Edge, level: int, boxes: Mapping[Item, Box]) -> Box:
    lane = Lane(edge, level - 1)
    return boxes[lane] if lane in boxes else boxes[edge.provider]


def _previous(edge: Edge, level: int, boxes: Mapping[Item, Box]) -> Box:
    lane = Lane(edge, level + 1)
    return boxes[lane] if lane in boxes else boxes[edge.consumer]


def _route(
    edge: Edge, depth: Mapping[str, int], boxes: Mapping[Item, Box],
    leaving: Mapping[str, list[Edge]], arriving: Mapping[str, list[Edge]],
) -> tuple[Point, ...]:  # fmt: skip
    """The points of an arrow: a port, both ends of each lane, a port."""
    start, end = boxes[edge.consumer], boxes[edge.provider]
    out, into = leaving[edge.consumer], arriving[edge.provider]
    points = [(start.x + WIDTH, start.port(out.index(edge), len(out)))]
    for level in range(depth[edge.consumer] - 1, depth[edge.provider], -1):
        lane = boxes[Lane(edge, level)]
        middle = lane.y + lane.height // 2
        points += [(lane.x, middle), (lane.x + WIDTH, middle)]
    points.append((end.x, end.port(into.index(edge), len(into))))
    return tuple(points)
