"""Edges cut along the lines of a grid, so that only edges of the same cell need be compared.

A cell holds a polygon's edges as pieces in the cell's own coordinates, from 0 to 1. What lies
below the cell is kept as pieces too: the polygon's indicator at the cell's lower left corner is a
number per cell, and an edge that crosses the cell's lower side at x adds a piece of height 0 from x
to the right side. So the sum of the weights of a cell's pieces below a point, plus the corner's
number, is the polygon's indicator there.

Both kinds of crossing are counted from the very numbers that the pieces end at, and rows and
columns of neighbouring pieces differ by one at most. So a vertex on a line, or a crossing that
rounding moves past a corner, can't put the indicator of a cell wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from pipeline.mapping.ramps import ramps
from pipeline.mapping.scores.edges import Edges, Floats

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """Cells of equal size from (0, 0) on.

    Attributes:
        size: (2,) width and height of a cell.
        columns: Number of columns; one more holds what lies on the last line.
        rows: Number of rows, likewise.
    """

    size: Floats
    columns: int
    rows: int

    @property
    def cells(self) -> int:
        """Cells that are counted, those past the last lines included."""
        return (self.columns + 1) * self.stride

    @property
    def stride(self) -> int:
        """Cells of a column: its rows, one on the last line, one above it."""
        return self.rows + 2


@dataclass(frozen=True)
class Pieces:
    """Parts of edges, each in one cell, from left to right; none is vertical.

    Attributes:
        cell: (n,) column * stride + row.
        x0: (n,) left end, from 0 to 1 in the cell; likewise ``x1`` and the heights there,
            ``y0`` and ``y1``.
        weight: (n,) 1 for floors, -1 for ceilings.
    """

    cell: Indices
    x0: Floats
    x1: Floats
    y0: Floats
    y1: Floats
    weight: Floats

    def __len__(self) -> int:
        return len(self.cell)


@dataclass(frozen=True)
class Cells:
    """A polygon on a grid.

    Attributes:
        pieces: Its edges in the cells, and what crosses the cells' lower sides.
        corner: (cells,) its indicator at the lower left corner of each cell.
    """

    pieces: Pieces
    corner: Floats


@dataclass(frozen=True)
class _Strips:
    """Edges cut at the lines between columns, in units of cells.

    Attributes:
        column: (n,) column of each.
        x0, y0, x1, y1: (n,) ends, from left to right.
        weight: (n,) as of :class:`Pieces`.
        entered: (n,) whether it is the rest of an edge that came from the column to the left.
    """

    column: Indices
    x0: Floats
    y0: Floats
    x1: Floats
    y1: Floats
    weight: Floats
    entered: NDArray[np.bool_]

    def where(self, chosen: NDArray[np.bool_]) -> _Strips:
        places = np.flatnonzero(chosen)
        return _Strips(*(getattr(self, field.name)[places] for field in fields(self)))


def cells_of(edges: Edges, grid: Grid) -> Cells:
    """Cut a polygon's edges along the lines of a grid.

    Args:
        edges: Edges whose points lie from (0, 0) to the grid's far corner.
        grid: The grid.
    """
    uncut = _uncut(edges, grid)
    inside = (uncut.x1.astype(np.int64) == uncut.column) & _is_flat(uncut)
    strips = _across_columns(uncut.where(~inside))
    flat = _is_flat(strips)
    pieces = [
        _within_rows(uncut.where(inside & (uncut.x1 > uncut.x0)), grid),
        _within_rows(strips.where(flat & (strips.x1 > strips.x0)), grid),
        *_across_rows(strips.where(~flat), grid),
    ]
    columns = ([getattr(piece, field.name) for piece in pieces] for field in fields(Pieces))
    return Cells(Pieces(*map(np.concatenate, columns)), _corners(strips, grid))


def _uncut(edges: Edges, grid: Grid) -> _Strips:
    """Whole edges, in units of cells."""
    (x0, y0), (x1, y1) = (edges.left / grid.size).T, (edges.right / grid.size).T
    return _Strips(x0.astype(np.int64), x0, y0, x1, y1, edges.weight, np.zeros(len(x0), bool))


def _is_flat(strips: _Strips) -> NDArray[np.bool_]:
    """Which strips begin and end in one row."""
    return np.equal(strips.y0.astype(np.int64), strips.y1.astype(np.int64))


def _across_columns(edges: _Strips) -> _Strips:
    """Edges cut at the lines between columns; the cuts lie on the lines to the last bit."""
    count = edges.x1.astype(np.int64) - edges.column + 1
    owner, step = ramps(count)
    column = edges.column[owner] + step
    entered, leaves = step > 0, step < count[owner] - 1
    width, rise = edges.x1 - edges.x0, edges.y1 - edges.y0
    slope = np.divide(rise, width, out=np.zeros(len(width)), where=count > 1)
    x0, y0, x1, y1 = edges.x0[owner], edges.y0[owner], edges.x1[owner], edges.y1[owner]
    at_line = _between(y0 + (column - x0) * slope[owner], y0, y1)
    return _Strips(
        column,
        np.where(entered, column, x0),
        np.where(entered, at_line, y0),
        np.where(leaves, column + 1.0, x1),
        np.where(leaves, _next(at_line), y1),
        edges.weight[owner],
        entered,
    )


def _corners(strips: _Strips, grid: Grid) -> Floats:
    """Indicator at the lower left corners: the edges that cross the line to the corner's left."""
    entered = strips.where(strips.entered)
    above = entered.column * grid.stride + entered.y0.astype(np.int64) + 1
    crossed = np.bincount(above, entered.weight, minlength=grid.cells).astype(np.float64)
    return np.cumsum(crossed.reshape(-1, grid.stride), axis=1).ravel()


def _within_rows(strips: _Strips, grid: Grid) -> Pieces:
    """Pieces of strips that stay in one row."""
    column, row = strips.column, strips.y0.astype(np.int64)
    return Pieces(
        column * grid.stride + row,
        strips.x0 - column,
        strips.x1 - column,
        strips.y0 - row,
        strips.y1 - row,
        strips.weight,
    )


def _across_rows(strips: _Strips, grid: Grid) -> list[Pieces]:
    """Pieces of strips that cross lines between rows, and of height 0 where they cross them."""
    first, last = strips.y0.astype(np.int64), strips.y1.astype(np.int64)
    owner, step = ramps(np.abs(last - first) + 1)
    rising = (last > first)[owner]
    row = first[owner] + np.where(rising, step, -step)
    entered, leaves = step > 0, row != last[owner]
    slope = (strips.x1 - strips.x0) / (strips.y1 - strips.y0)
    line = np.where(rising, row, row + 1)  # where the strip came in
    x0, y0, x1, y1 = strips.x0[owner], strips.y0[owner], strips.x1[owner], strips.y1[owner]
    at_line = _between(x0 + (line - y0) * slope[owner], x0, x1)
    weight, column = strips.weight[owner], strips.column[owner]
    parts = _Strips(
        column,
        np.where(entered, at_line, x0),
        np.where(entered, line, y0),
        np.where(leaves, _next(at_line), x1),
        np.where(leaves, np.where(rising, row + 1.0, row), y1),
        weight,
        entered,
    )
    cell = column * grid.stride
    wide = parts.x1 > parts.x0
    pieces = Pieces(
        (cell + row)[wide],
        (parts.x0 - column)[wide],
        (parts.x1 - column)[wide],
        (parts.y0 - row)[wide],
        (parts.y1 - row)[wide],
        weight[wide],
    )
    nothing = np.zeros(entered.sum())
    sides = Pieces(
        (cell + line)[entered],
        (at_line - column)[entered],
        nothing + 1,
        nothing,
        nothing,
        np.where(rising, -weight, weight)[entered],
    )
    return [pieces, sides]


def _between(values: Floats, one: Floats, other: Floats) -> Floats:
    """Values held between two others, which rounding may have left by a bit."""
    return np.clip(values, np.minimum(one, other), np.maximum(one, other))


def _next(values: Floats) -> Floats:
    """The value that follows each; the last has none that is used."""
    return np.append(values[1:], 0.0)
