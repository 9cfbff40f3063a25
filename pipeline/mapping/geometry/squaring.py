"""Outlines with right angles, for buildings."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.mapping.geometry.shortening import Indices, Points
from pipeline.mapping.geometry.simplification import Parts

_FEWEST = 4
"""Sides of a ring that has right angles only."""


def squared(parts: Parts, shortest: float = 0.0) -> Parts:
    """Polygons whose edges run along or across the main direction of each part.

    Edges that follow one another and run the same way become one, at their mean place weighted by
    length; sides then meet in right angles. A ring with fewer than four such sides stays as it is.

    Args:
        parts: Polygons whose outlines are no longer staircases.
        shortest: Edges below this length, pixels, make no sides: jogs are left out.

    Returns:
        As many polygons with as many rings; not necessarily valid ones.
    """
    if not len(parts):
        return parts
    rings, owner = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    starts = np.flatnonzero(np.diff(ring) == 0)
    ring = ring[starts]
    turn = main_directions(points[starts + 1] - points[starts], owner[ring], len(parts))
    turn = turn[owner]
    firsts = _turned(points[starts], -turn[ring])
    seconds = _turned(points[starts + 1], -turn[ring])
    long = np.hypot(*(seconds - firsts).T) >= shortest
    corners, corner_ring = _sides_meeting(firsts[long], seconds[long], ring[long])
    kept = np.bincount(corner_ring, minlength=len(rings)) < _FEWEST
    fine = ~kept[corner_ring]
    lines = rings.copy()
    numbers = np.unique(corner_ring[fine], return_inverse=True)[1]
    lines[~kept] = shapely.linearrings(
        _turned(corners[fine], turn[corner_ring[fine]]), indices=numbers
    )
    found: Parts = shapely.polygons(lines, indices=owner)
    return found


def main_directions(edges: Points, owner: Indices, count: int) -> NDArray[np.float64]:
    """Mean direction of each part's edges, radians in (-pi / 4, pi / 4].

    Directions that are a right angle apart are the same one: angles are averaged four times as
    large, weighted by length.

    Args:
        edges: (N, 2) from start to end.
        owner: (N,) part of each edge.
        count: Number of parts.
    """
    angles = 4 * np.arctan2(edges[:, 1], edges[:, 0])
    lengths = np.hypot(*edges.T)
    sines = np.bincount(owner, lengths * np.sin(angles), minlength=count)
    cosines = np.bincount(owner, lengths * np.cos(angles), minlength=count)
    found: NDArray[np.float64] = np.arctan2(sines, cosines) / 4
    return found


def _turned(points: Points, angles: NDArray[np.float64]) -> Points:
    """Points (N, 2) turned around the origin by angles (N,)."""
    sine, cosine = np.sin(angles), np.cos(angles)
    columns, rows = points.T
    return np.stack((cosine * columns - sine * rows, sine * columns + cosine * rows), axis=1)


def _sides_meeting(starts: Points, ends: Points, ring: Indices) -> tuple[Points, Indices]:
    """Corners of the sides that edges make up, and the ring of each.

    Args:
        starts: (N, 2) where edges start, main directions lying along the axes.
        ends: (N, 2) where they end.
        ring: (N,) ring of each edge, ascending.
    """
    if not len(ring):
        return starts, ring
    along = np.abs(ends - starts)
    is_row = along[:, 0] >= along[:, 1]
    opens = np.diff(ring, prepend=-1) != 0
    side_starts = np.flatnonzero(opens | (np.diff(is_row, prepend=False) != 0))
    side_ring, side_is_row = ring[side_starts], is_row[side_starts]
    # A ring's last side goes on with its first one if both run the same way.
    first = np.flatnonzero(np.diff(side_ring, prepend=-1) != 0)
    last = np.append(first[1:], len(side_ring)) - 1
    wraps = (side_is_row[first] == side_is_row[last]) & (first != last)
    lengths = np.where(is_row, along[:, 0], along[:, 1])
    middles = ((starts + ends) / 2)[np.arange(len(ring)), is_row.astype(np.int64)]
    weights = np.add.reduceat(lengths, side_starts)
    sums = np.add.reduceat(lengths * middles, side_starts)
    weights[first[wraps]] += weights[last[wraps]]
    sums[first[wraps]] += sums[last[wraps]]
    alone = np.ones(len(side_ring), np.bool_)
    alone[last[wraps]] = False
    places = np.divide(sums, weights, out=np.zeros_like(sums), where=weights > 0)[alone]
    side_ring, side_is_row = side_ring[alone], side_is_row[alone]
    first = np.flatnonzero(np.diff(side_ring, prepend=-1) != 0)
    after = np.arange(len(side_ring)) + 1
    after[np.append(first[1:], len(side_ring)) - 1] = first
    columns = np.where(side_is_row, places[after], places)
    rows = np.where(side_is_row, places, places[after])
    return np.stack((columns, rows), axis=1), side_ring
