"""Polygons as weighted edges: the indicator of a polygon is a sum over its edges.

For every point (x, y) that lies on no edge, the sum of the weights of the edges below it is 1
inside the polygon and 0 outside: an edge that is a floor of the polygon has weight 1, one that is
a ceiling has weight -1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.imagery.polygon_text import Polygonal

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Edges:
    """Edges of a polygonal geometry, each from left to right.

    Attributes:
        left: (n, 2) x and y of the left ends.
        right: (n, 2) x and y of the right ends; a vertical edge has both ends at one x.
        weight: (n,) 1 for floors, -1 for ceilings; of a vertical edge, 1 if the polygon's ring runs
            from ``left`` to ``right`` with the inside to its left.
    """

    left: Floats
    right: Floats
    weight: Floats

    def __len__(self) -> int:
        return len(self.weight)


def edges_of(geometry: Polygonal, origin: Floats) -> Edges:
    """Edges of a valid polygonal geometry, whichever way its rings turn.

    Args:
        geometry: Polygon or MultiPolygon that is not empty.
        origin: (2,) point that becomes (0, 0). Near the geometry, it keeps digits.
    """
    _, points, (rings, polygons, *_) = shapely.to_ragged_array([geometry], include_z=False)
    points = points - origin
    # From each point to the next, but not from the end of a ring to the start of the next one.
    first = np.delete(np.arange(len(points)), rings[1:] - 1)
    start, end = points[first], points[first + 1]
    counts = np.diff(rings) - 1
    weight = np.repeat(_turns(start, end, np.cumsum(counts) - counts, polygons), counts)
    back = np.flatnonzero(start[:, 0] > end[:, 0])
    start[back], end[back] = end[back], start[back]
    weight[back] *= -1
    return Edges(start, end, weight)


def _turns(
    start: Floats, end: Floats, rings: NDArray[np.int64], polygons: NDArray[np.int32]
) -> Floats:
    """Per ring 1 if it has the inside to its left (shells counter-clockwise), else -1."""
    cross = (start[:, 0] - end[:, 0]) * (start[:, 1] + end[:, 1])
    twice_area = np.add.reduceat(cross, rings)
    hole = np.ones(len(rings), bool)
    hole[polygons[:-1]] = False
    return np.where((twice_area > 0) != hole, 1.0, -1.0)
