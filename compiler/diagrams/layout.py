"""Place the boxes of the picture, and lead the arrows between them.

There is a column for each distance from the data, with providers on the right. Arrows of one protocol to
one provider share a lane in each column that they pass, so that they become one trunk and pass boxes
instead of running under them. With groups, each namespace has a separate band across the columns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from msgspec import Struct

from compiler.diagrams.edges import Edge
from compiler.diagrams.view import View, kind
from compiler.model.graph import successors_first

GAP_X, GAP_Y, MARGIN, PORT, LEAST, LANE = 210, 22, 24, 18, 44, 14
LETTER, PADDING, NARROWEST = 8, 28, 120  # a wide letter of a name, in the picture's units
TITLE = 30  # above the boxes of a band, for its namespace

Point = tuple[int, int]


class Lane(Struct, frozen=True):
    """The stretch of a trunk in a column that it only passes."""

    provider: str
    interface: str
    depth: int


Item = str | Lane


class Box(Struct, frozen=True):
    """A place in the picture: upper left corner and size."""

    x: int
    y: int
    width: int
    height: int

    def port(self, index: int, count: int) -> int:
        """The height at which one of several arrows meets the box."""
        return self.y + (self.height * (2 * index + 1)) // (2 * count)


class Layout(Struct, frozen=True):
    """Boxes by instance, the points of each arrow from consumer to provider, and the bands."""

    boxes: Mapping[str, Box]
    routes: Mapping[Edge, tuple[Point, ...]]
    bands: Mapping[str, Box]
    width: int
    height: int


class _Columns(Struct):
    """The columns from the left: which items each has, where it begins and how wide it is."""

    depth: Mapping[str, int]
    items: Mapping[int, list[Item]]
    x: Mapping[int, int]
    width: Mapping[int, int]

    @property
    def right(self) -> int:
        return max((self.x[level] + self.width[level] for level in self.x), default=0)


class _Ends(Struct, frozen=True):
    """The ends of all arrows, by instance: the arrows that leave it, and the interfaces that arrive."""

    leaving: Mapping[str, list[Edge]]
    arriving: Mapping[str, list[str]]

    @classmethod
    def of(cls, edges: Iterable[Edge]) -> _Ends:
        leaving: dict[str, list[Edge]] = defaultdict(list)
        interfaces: dict[str, set[str]] = defaultdict(set)
        for edge in edges:
            leaving[edge.consumer].append(edge)
            interfaces[edge.provider].add(edge.interface)
        return cls(leaving, {name: sorted(arriving) for name, arriving in interfaces.items()})


def layout(view: View) -> Layout:
    """Place every box, then lead every arrow."""
    columns = _columns(view)
    band_of = {node.name: name for name, group in view.groups.items() for node in group}
    boxes_of: dict[Item, Box] = {}
    ends = _Ends.of(view.edges)
    bands: dict[str, Box] = {}
    y = MARGIN
    for band in view.groups:
        top = y + (TITLE if view.grouped else 0)
        bottom = _fill_band(band, band_of, columns, ends, boxes_of, top)
        if view.grouped:
            bands[band] = Box(MARGIN // 2, y, columns.right + MARGIN // 2, bottom - y)
            bottom += MARGIN
        y = bottom
    boxes = {item: box for item, box in boxes_of.items() if isinstance(item, str)}
    routes = _routes(view.edges, ends, columns.depth, boxes_of)
    return Layout(boxes, routes, bands, columns.right + MARGIN, y + MARGIN)


def _columns(view: View) -> _Columns:
    """Divide the items into columns by their distance from the data, and measure the columns."""
    depth = _depths(view)
    items: dict[int, list[Item]] = defaultdict(list)
    for node in view.nodes:
        items[depth[node.name]].append(node.name)
    lanes = {
        Lane(edge.provider, edge.interface, level)
        for edge in view.edges
        for level in range(depth[edge.provider] + 1, depth[edge.consumer])
    }
    for lane in sorted(lanes, key=lambda lane: (lane.provider, lane.interface)):
        items[lane.depth].append(lane)
    x, width, column_x = {}, {}, MARGIN
    for level in sorted(items, reverse=True):
        letters = [
            max(len(node.name), len(kind(node))) for node in view.nodes if depth[node.name] == level
        ]
        x[level], width[level] = (
            column_x,
            max(NARROWEST, LETTER * max(letters, default=0) + PADDING),
        )
        column_x += width[level] + GAP_X
    return _Columns(depth, items, x, width)


def _depths(view: View) -> dict[str, int]:
    """How many bindings lie between an instance and the last provider; circles are cut."""
    providers: dict[str, list[str]] = defaultdict(list)
    for edge in view.edges:
        providers[edge.consumer].append(edge.provider)
    depths: dict[str, int] = {}
    for name in successors_first([node.name for node in view.nodes], providers):
        ahead = (depths[provider] for provider in providers[name] if provider in depths)
        depths[name] = 1 + max(ahead, default=-1)
    return depths


def _fill_band(
    band: str, band_of: Mapping[str, str], columns: _Columns, ends: _Ends,
    boxes: dict[Item, Box], top: int,
) -> int:  # fmt: skip
    """Stack the items of one band in each column, from the providers on; return where it ends."""
    bottom = top
    for level in sorted(columns.items):
        band_items = [
            item
            for item in columns.items[level]
            if band_of[item if isinstance(item, str) else item.provider] == band
        ]
        y = top
        for item in sorted(band_items, key=lambda item: _best_height(item, ends, boxes)):
            height = _height(item, ends)
            boxes[item] = Box(columns.x[level], y, columns.width[level], height)
            y += height + (GAP_Y if isinstance(item, str) else LANE // 2)
        bottom = max(bottom, y)
    return bottom


def _height(item: Item, ends: _Ends) -> int:
    if isinstance(item, Lane):
        return LANE
    leaving, arriving = ends.leaving.get(item, ()), ends.arriving.get(item, ())
    return max(LEAST, PORT * len(leaving), PORT * len(arriving))


def _best_height(item: Item, ends: _Ends, boxes: Mapping[Item, Box]) -> tuple[float, str]:
    """The best height of an item: the middle of its providers that are placed already."""
    if isinstance(item, Lane):
        ahead = boxes.get(Lane(item.provider, item.interface, item.depth - 1))
        box = ahead or boxes.get(item.provider)
        return (float(box.y if box else 0), item.provider)
    leaving = ends.leaving.get(item, ())
    heights = [boxes[edge.provider].y for edge in leaving if edge.provider in boxes]
    return (sum(heights) / len(heights) if heights else 0.0, item)


def _routes(
    edges: tuple[Edge, ...], ends: _Ends, depth: Mapping[str, int], boxes: Mapping[Item, Box]
) -> dict[Edge, tuple[Point, ...]]:
    """The points that each arrow passes: a port, both ends of each lane, a port."""
    outs, ins = _ports(ends, depth, boxes)
    routes = {}
    for edge in edges:
        start, end = boxes[edge.consumer], boxes[edge.provider]
        out, into = outs[edge.consumer], ins[edge.provider]
        points = [(start.x + start.width, start.port(out[edge], len(out)))]
        for level in range(depth[edge.consumer] - 1, depth[edge.provider], -1):
            lane = boxes[Lane(edge.provider, edge.interface, level)]
            middle = lane.y + lane.height // 2
            points += [(lane.x, middle), (lane.x + lane.width, middle)]
        points.append((end.x, end.port(into[edge.interface], len(into))))
        routes[edge] = tuple(points)
    return routes


def _ports(
    ends: _Ends, depth: Mapping[str, int], boxes: Mapping[Item, Box]
) -> tuple[dict[str, dict[Edge, int]], dict[str, dict[str, int]]]:
    """The position of each arrow that leaves a box, and of each interface that arrives at one."""
    outs = {}
    for name, leaving in ends.leaving.items():
        ordered = sorted(leaving, key=lambda e: (_neighbour(e, depth, boxes).y, e.interface))
        outs[name] = {edge: index for index, edge in enumerate(ordered)}
    ins = {
        name: {interface: index for index, interface in enumerate(arriving)}
        for name, arriving in ends.arriving.items()
    }
    return outs, ins


def _neighbour(edge: Edge, depth: Mapping[str, int], boxes: Mapping[Item, Box]) -> Box:
    lane = Lane(edge.provider, edge.interface, depth[edge.consumer] - 1)
    return boxes[lane] if lane in boxes else boxes[edge.provider]
