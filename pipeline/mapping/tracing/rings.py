"""Rings of a mask's outline, joined from its corners alone.

Along a row of the grid the outline runs from the first corner to the second, from the third to the
fourth, and so on; along a column likewise. So each corner has one neighbour across and one along,
and the rings are the cycles of that graph. Where it passes a saddle, the two visits are told apart:

- pixels of two parts that meet there each keep a corner of their own: the parts touch in a point;
- pixels of one part, joined elsewhere, have two gaps between them that touch there, and each gap
  keeps its own. Otherwise the part's ring would pass the point twice, which is not valid.

Which part a hole lies in is read off to its left: the run of pixels beside its first corner ends
at a ring of the same part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from pipeline.mapping.geometry.simplification import Parts
from pipeline.mapping.ramps import ramps
from pipeline.mapping.tracing.corners import FALLING, RISING, SE, SW, Corners, Integers

_LARGEST_SHORT = np.iinfo(np.uint16).max


@dataclass(frozen=True)
class Rings:
    """Closed rings, the part on the right-hand side as the image is looked at.

    Rings of a part follow one another, the outer one first, parts and holes in the order of their
    first corners.

    Attributes:
        columns: (n,) int32, grid lines across, ring after ring; a ring's last point is not its
            first again.
        rows: (n,) int32, grid lines along.
        starts: (rings + 1,) where each ring starts in these, and the end.
        areas: (rings,) pixels inside, negative for a hole; parts in a hole count as the hole.
        parts: (rings,) number of the part, from 0.
    """

    columns: Integers
    rows: Integers
    starts: Integers
    areas: NDArray[np.int64]
    parts: Integers

    def __len__(self) -> int:
        return len(self.areas)

    @property
    def outer(self) -> NDArray[np.bool_]:
        """(rings,) whether a ring goes around a part, not around a hole."""
        return self.areas > 0

    def take(self, kept: NDArray[np.bool_]) -> Self:
        """Some of the rings, (rings,) bool; numbers of the parts stay."""
        lengths = np.diff(self.starts)
        points = np.repeat(kept, lengths)
        starts = np.concatenate(([0], np.cumsum(lengths[kept]))).astype(np.int32)
        return type(self)(
            self.columns[points], self.rows[points], starts, self.areas[kept], self.parts[kept]
        )


def rings_of(corners: Corners) -> Rings:
    """Rings of a mask's corners."""
    if not len(corners):
        nothing = np.empty(0, np.int32)
        return Rings(nothing, nothing, np.zeros(1, np.int32), np.empty(0, np.int64), nothing)
    graph = _Graph.of(corners)
    crossed = corners.around[graph.saddles] == RISING
    loops = _loops(graph, crossed)
    parts = _parts(graph, loops)
    if len(graph.saddles):
        one, two = loops.number[graph.saddles], loops.number[graph.saddles + 1]
        within = parts[one] == parts[two]
        if within.any():
            split = _loops(graph, crossed ^ within)
            parts, loops = parts[loops.number[split.first]], split
    return _in_order(graph, loops, parts)


def polygons_of(rings: Rings) -> Parts:
    """Polygons (parts,) in pixel coordinates (column, row), from whole parts."""
    if not len(rings):
        return np.empty(0, object)
    points = np.stack((rings.columns, rings.rows), axis=1).astype(np.float64)
    numbers = np.repeat(np.arange(len(rings)), np.diff(rings.starts))
    lines = shapely.linearrings(points, indices=numbers)
    polygons: Parts = shapely.polygons(lines, indices=np.cumsum(rings.outer) - 1)
    return polygons


@dataclass(frozen=True)
class _Graph:
    """What joins corners whatever the saddles' visits are.

    Attributes:
        corners: The corners.
        across: (n,) the corner that follows where the outline leaves along a row; else itself.
        order: (n,) corners in the order of columns, then rows.
        saddles: First of the two visits of each saddle.
        places: Where these are in ``order``.
    """

    corners: Corners
    across: Integers
    order: Integers
    saddles: NDArray[np.intp]
    places: NDArray[np.intp]

    @classmethod
    def of(cls, corners: Corners) -> Self:
        count = len(corners)
        numbers = np.arange(count, dtype=np.int32)
        left, right = numbers[::2], numbers[1::2]
        # With the part below, the outline runs to the right.
        across = _followers(left, right, (corners.around[left] & SE) > 0, numbers.copy())
        columns = corners.columns
        short = columns.max(initial=0) <= _LARGEST_SHORT  # such are sorted by their digits
        order = np.argsort(columns.astype(np.uint16) if short else columns, kind="stable")
        visits = np.flatnonzero((corners.around == FALLING) | (corners.around == RISING))
        place = np.empty(count, np.intp)
        place[order] = numbers
        return cls(corners, across, order.astype(np.int32), visits[::2], place[visits[::2]])


def _followers(
    one: Integers, two: Integers, forward: NDArray[np.bool_], following: Integers
) -> Integers:
    """Put in which corner follows which, of pairs that are joined; in place."""
    following[np.where(forward, one, two)] = np.where(forward, two, one)
    return following


@dataclass(frozen=True)
class _Loops:
    """Cycles of corners.

    Attributes:
        following: (n,) the next corner.
        tops: (n / 2,) upper corner of each stretch along a column, in the order of columns.
        bottoms: (n / 2,) the lower one.
        number: (n,) the cycle that a corner is on.
        first: (cycles,) the first corner of each.
        areas: (cycles,) pixels inside; negative around a hole.
    """

    following: Integers
    tops: Integers
    bottoms: Integers
    number: Integers
    first: Integers
    areas: NDArray[np.int64]


def _loops(graph: _Graph, crossed: NDArray[np.bool_]) -> _Loops:
    """Cycles, where ``crossed`` says of which saddles the second visit is the northern one."""
    corners, order = graph.corners, graph.order.copy()
    swapped = graph.places[crossed]
    order[swapped], order[swapped + 1] = graph.order[swapped + 1], graph.order[swapped]
    tops, bottoms = order[::2], order[1::2]
    down = (corners.around[tops] & SW) > 0
    following = _followers(tops, bottoms, down, graph.across.copy())
    count, number = connected_components(_graph(following), directed=True, connection="weak")
    first = np.empty(count, np.int32)
    first[number[::-1]] = np.arange(len(number), dtype=np.int32)[::-1]
    # Green's formula: the area is the sum of x dy, and only stretches along columns have dy.
    drop = np.where(down, 1, -1) * (corners.rows[bottoms] - corners.rows[tops])
    areas = np.bincount(number[tops], corners.columns[tops] * drop.astype(np.float64), count)
    return _Loops(following, tops, bottoms, number, first, areas.astype(np.int64))


def _graph(following: Integers) -> csr_array:
    count = len(following)
    ends = np.arange(count + 1, dtype=np.int32)
    return csr_array((np.ones(count, np.int8), following, ends), shape=(count, count))


def _parts(graph: _Graph, loops: _Loops) -> Integers:
    """(cycles,) the outer cycle of the part that each cycle bounds."""
    parts = np.arange(len(loops.first), dtype=np.int32)
    holes = np.flatnonzero(loops.areas < 0)
    if len(holes):
        parts[holes] = loops.number[_left_of(graph.corners, loops, loops.first[holes])]
        while (loops.areas[parts] < 0).any():
            parts = parts[parts]
    return parts


def _left_of(corners: Corners, loops: _Loops, points: Integers) -> Integers:
    """A corner of the stretch that is met first to the left of the pixels south-west of points."""
    rows, row_of = np.unique(corners.rows[points], return_inverse=True)
    low = np.searchsorted(rows, corners.rows[loops.tops])
    times = np.searchsorted(rows, corners.rows[loops.bottoms]) - low
    stretch, step = ramps(times)
    row = low[stretch] + step
    # Stretches are in the order of columns, and stay so within a row.
    order = np.argsort(row, kind="stable")
    wide = int(corners.columns.max()) + 1
    keys = row[order] * wide + corners.columns[loops.tops[stretch[order]]]
    wanted = row_of * wide + corners.columns[points]
    before = np.searchsorted(keys, wanted) - 1
    found: Integers = loops.tops[stretch[order[before]]]
    return found


def _in_order(graph: _Graph, loops: _Loops, parts: Integers) -> Rings:
    """Rings of cycles, each walked from its first corner."""
    outer = loops.areas > 0
    start_of = np.empty(int(parts.max()) + 1, np.int32)
    start_of[parts[outer]] = loops.first[outer]
    order = np.lexsort((loops.first, ~outer, start_of[parts]))
    # All cycles are opened and joined into one, which is walked at once.
    first = loops.first[order]
    before = np.empty_like(loops.following)
    before[loops.following] = np.arange(len(before), dtype=np.int32)
    chain = loops.following.copy()
    chain[before[first]] = np.roll(first, -1)
    walk = breadth_first_order(_graph(chain), int(first[0]), return_predecessors=False)
    lengths = np.bincount(loops.number, minlength=len(order))[order]
    return Rings(
        graph.corners.columns[walk],
        graph.corners.rows[walk],
        np.concatenate(([0], np.cumsum(lengths))).astype(np.int32),
        loops.areas[order],
        (np.cumsum(outer[order]) - 1).astype(np.int32),
    )
