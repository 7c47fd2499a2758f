"""Print rows of cells as a table for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

WIDEST = 48  # characters of a column in which a few cells are much wider than the others


def aligned(
    header: Sequence[str], rows: Sequence[Sequence[str]], widest: int | None = None
) -> Iterator[str]:
    """The lines of a table with aligned columns; the last column is as wide as each of its cells.

    A cell with more than `widest` characters does not widen the rows of all others.
    """
    table = [header, *rows]
    widths = [
        _width([cells[column] for cells in table], widest) for column in range(len(header) - 1)
    ]
    for *padded, last in table:
        cells = [cell.ljust(width) for cell, width in zip(padded, widths, strict=True)]
        yield "  ".join([*cells, last]).rstrip()


def _width(cells: Sequence[str], widest: int | None) -> int:
    lengths = [len(cell) for cell in cells]
    return max(length for length in lengths if widest is None or length <= max(widest, lengths[0]))
