"""Exact overlap of polygons, by cells of a grid instead of overlaying whole geometries.

The area that two polygons share is a sum over pairs of their edges (e, f) with weights w, 1 for
floors and -1 for ceilings: w_e w_f times the area that lies above both, up to one line above
all. It is the integral of the product of the two indicators, so shared edges, touching corners and
equal polygons are no special cases. A grid of cells keeps the pairs few: see
:mod:`pipeline.mapping.scores.cells`. Nothing is rounded or snapped; the result differs from exact
arithmetic by about 1e-14 of the areas, or by 1e-16 of the bounds' area where polygons fill next to
nothing of their bounds.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely

from pipeline.imagery.polygon_text import Polygonal
from pipeline.mapping.jaccard import Overlap
from pipeline.mapping.ramps import ramps
from pipeline.mapping.scores.cells import Cells, Grid, Indices, Pieces, cells_of
from pipeline.mapping.scores.edges import Edges, Floats, edges_of

_CELLS_PER_EDGE = 0.35
_PAIRS_PER_EDGE = 12
_MOST_CELLS_PER_EDGE = 24
_CUTS_PER_EDGE = 4
_CHUNK = 1 << 20
_ROUNDING = 1e-13
_FEW = 600
"""Points below which an overlay is as fast."""


def overlap_of(prediction: Polygonal, truth: Polygonal) -> Overlap:
    """Exact overlap of two valid polygonal geometries, in their square units.

    TP = area(P n T), FP = area(P) - TP, FN = area(T) - TP. Where all or nothing of the smaller one
    is shared but for what rounding leaves, it is all or nothing: equal polygons score 1.
    """
    predicted, true = float(shapely.area(prediction)), float(shapely.area(truth))
    if predicted == 0 or true == 0:
        return Overlap(0.0, predicted, true)
    if shapely.get_num_coordinates([prediction, truth]).sum() < _FEW:
        both = float(shapely.area(shapely.intersection(prediction, truth)))
    else:
        both = shared_area(prediction, truth)
    most = min(predicted, true)
    if both < _ROUNDING * most:
        both = 0.0
    elif both > (1 - _ROUNDING) * most:
        both = most
    return Overlap(both, predicted - both, true - both)


def shared_area(one: Polygonal, other: Polygonal) -> float:
    """Area of the intersection of two valid polygonal geometries that are not empty.

    Rounding may leave it a little below 0 or above the smaller area: see the module's head.
    """
    bounds = shapely.bounds([one, other])
    low, high = bounds[:, :2].max(axis=0), bounds[:, 2:].min(axis=0)
    if (low >= high).any():
        return 0.0
    origin, end = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    first, second = edges_of(one, origin), edges_of(other, origin)
    grid = _grid(first, second, end - origin)
    cells = _shared_cells(cells_of(first, grid), cells_of(second, grid), grid)
    return float(cells * grid.size.prod())


def _grid(one: Edges, other: Edges, extent: Floats) -> Grid:
    """A grid of about as many cells as there are edges; finer where edges crowd in few cells.

    Long edges cross many lines, so each axis has so many lines that edges are cut four times at
    most, on average.
    """
    edges = len(one) + len(other)
    longest = sum(np.abs(part.right - part.left).sum(axis=0) for part in (one, other)) / extent
    most = np.maximum(_CUTS_PER_EDGE * edges / np.maximum(longest, 1), 1)
    cells = _CELLS_PER_EDGE * edges
    while True:
        lines = np.maximum(np.minimum(np.sqrt(cells), most), 1).astype(int)
        grid = Grid(extent / lines, int(lines[0]), int(lines[1]))
        crowded = _pairs_in(grid, one, other) > _PAIRS_PER_EDGE * edges
        if not crowded or cells >= _MOST_CELLS_PER_EDGE * edges or (lines >= most - 1).all():
            return grid
        cells *= 4


def _pairs_in(grid: Grid, one: Edges, other: Edges) -> float:
    """About how many pairs of edges share a cell."""
    counts = []
    for edges in (one, other):
        column, row = ((edges.left + edges.right) / (2 * grid.size)).astype(np.int64).T
        counts.append(np.bincount(column * grid.stride + row, minlength=grid.cells))
    return float(np.dot(counts[0], counts[1].astype(float)))


def _shared_cells(one: Cells, other: Cells, grid: Grid) -> float:
    """Area that two polygons share, in cells."""
    alone = np.dot(one.corner, other.corner)
    alone += np.dot(one.corner, _areas(other.pieces, grid))
    alone += np.dot(other.corner, _areas(one.pieces, grid))
    return float(alone) + sum(
        _area_above_both(one.pieces, i, other.pieces, j)
        for i, j in _pairs(one.pieces, other.pieces, grid)
    )


def _areas(pieces: Pieces, grid: Grid) -> Floats:
    """Weighted area above the pieces of each cell, (cells,)."""
    above = (pieces.x1 - pieces.x0) * (1 - (pieces.y0 + pieces.y1) / 2)
    return np.bincount(pieces.cell, pieces.weight * above, minlength=grid.cells).astype(np.float64)


def _pairs(one: Pieces, other: Pieces, grid: Grid) -> Iterator[tuple[Indices, Indices]]:
    """Places of pieces of the same cell, about a million pairs at a time."""
    counts = np.bincount(other.cell, minlength=grid.cells)
    starts = np.cumsum(counts) - counts
    order = np.argsort(other.cell, kind="stable")
    met = np.flatnonzero(counts[one.cell])
    each = counts[one.cell[met]]
    chunk = np.cumsum(each) // _CHUNK
    for part in np.split(np.arange(len(met)), np.flatnonzero(np.diff(chunk)) + 1):
        owner, step = ramps(each[part])
        place = met[part][owner]
        yield place, order[starts[one.cell[place]] + step]


def _area_above_both(one: Pieces, i: Indices, other: Pieces, j: Indices) -> float:
    """Weighted area above both of each pair of pieces, up to the top of their cell, summed."""
    left = np.maximum(one.x0[i], other.x0[j])
    right = np.minimum(one.x1[i], other.x1[j])
    meet = right > left
    i, j, left, right = i[meet], j[meet], left[meet], right[meet]
    a0, a1 = _heights(one, i, left, right)
    b0, b1 = _heights(other, j, left, right)
    # The higher of two lines: the other one, and what the first is above it, a part of which is a
    # triangle if they cross.
    d0, d1 = a0 - b0, a1 - b1
    positive = np.maximum(d0, 0) + np.maximum(d1, 0)
    whole = np.abs(d0) + np.abs(d1)
    over = np.divide(positive**2, whole, out=np.zeros(len(whole)), where=whole > 0)
    above = (right - left) * (1 - (b0 + b1 + over) / 2)
    return float(np.dot(one.weight[i] * other.weight[j], above))


def _heights(pieces: Pieces, places: Indices, left: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Heights of pieces at two x each."""
    x0, y0 = pieces.x0[places], pieces.y0[places]
    width, rise = pieces.x1[places] - x0, pieces.y1[places] - y0
    return y0 + (left - x0) / width * rise, y0 + (right - x0) / width * rise
