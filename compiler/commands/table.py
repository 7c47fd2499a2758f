"""Print rows of cells as a table for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_WIDEST = 48  # characters of a column, unless its header has more


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a table. A wide cell does not widen the rows of all others; the last column is not padded."""
    table = [header, *rows]
    widths = [_width([cells[column] for cells in table]) for column in range(len(header) - 1)]
    for cells in table:
        padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=False)]
        yield "  ".join([*padded, cells[-1]]).rstrip()


def _width(cells: Sequence[str]) -> int:
    return max(len(cell) for cell in cells if len(cell) <= _WIDEST or cell == cells[0])
