"""Fewer vertices for outlines, with a hard bound and without breaking them."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

Parts = NDArray[np.object_]
"""One-dimensional array of shapely polygons."""
_HALVINGS = 3


def simplified(parts: Parts, tolerance: float) -> Parts:
    """Polygons of fewer vertices whose outlines move by no more than ``tolerance``.

    Where simplified neighbours would clash they are simplified with half the tolerance, with a
    quarter, an eighth, and in the end not at all.

    Args:
        parts: Polygons that together form a valid MultiPolygon.
        tolerance: Largest distance (Hausdorff) of a new outline from the old one.

    Returns:
        As many polygons, which together form a valid MultiPolygon.
    """
    if not len(parts):
        return parts
    simple = _alone(parts, tolerance)
    halvings = np.zeros(len(parts), int)
    while not shapely.is_valid(shapely.multipolygons(simple)):
        broken = _broken(simple)
        halvings[broken] += 1
        for count in np.unique(halvings[broken]):
            again = broken & (halvings == count)
            kept = count > _HALVINGS
            simple[again] = parts[again] if kept else _alone(parts[again], tolerance / 2**count)
    return simple


def _alone(parts: Parts, tolerance: float) -> Parts:
    """Each polygon by itself: Douglas and Peucker's rule, rings kept from crossing, by GEOS.

    GEOS drops a ring's first vertex if it is near the *new* line, which may then be twice the
    tolerance from the old one. Where it is, that vertex is put back.
    """
    simple: Parts = shapely.simplify(parts, tolerance, preserve_topology=True)
    old, old_owner = shapely.get_rings(parts, return_index=True)
    new, new_owner = shapely.get_rings(simple, return_index=True)
    if not np.array_equal(old_owner, new_owner):
        return parts.copy()
    firsts = shapely.get_coordinates(shapely.get_point(old, 0))
    moved = (shapely.get_coordinates(shapely.get_point(new, 0)) != firsts).any(axis=1)
    lost = [ring for ring in np.flatnonzero(moved) if _strays(old[ring], new[ring], tolerance)]
    points, ring_of = shapely.get_coordinates(new, return_index=True)
    # A ring that lost its first vertex starts at the vertex before it.
    seconds = np.flatnonzero(np.diff(ring_of, prepend=-1)) + 1
    points = np.insert(points, seconds[lost], firsts[lost], axis=0)
    ring_of = np.insert(ring_of, seconds[lost], lost)
    result: Parts = shapely.polygons(
        shapely.linearrings(points, indices=ring_of), indices=old_owner
    )
    return result


def _strays(old: shapely.LinearRing, new: shapely.LinearRing, tolerance: float) -> bool:
    """Whether an old ring leaves the new one where its first vertex was dropped.

    The new ring's first segment stands for the old points from its first vertex, past the old
    start, to its second vertex.
    """
    points, (first, second, *_) = shapely.get_coordinates(old)[:-1], shapely.get_coordinates(new)
    before = np.flatnonzero((points == first).all(axis=1))[0]
    after = np.flatnonzero((points == second).all(axis=1))[0]
    replaced = np.concatenate((points[before:], points[: after + 1]))
    chord = shapely.linestrings([first, second])
    return bool(shapely.distance(shapely.points(replaced), chord).max() > tolerance)


def _broken(parts: Parts) -> NDArray[np.bool_]:
    """Which polygons are invalid, or share more than single points with another one."""
    broken: NDArray[np.bool_] = ~shapely.is_valid(parts)
    sound = np.flatnonzero(~broken)
    one, other = shapely.STRtree(parts[sound]).query(parts[sound], predicate="intersects")
    one, other = sound[one[one < other]], sound[other[one < other]]
    clash = shapely.relate_pattern(parts[one], parts[other], "T********") | shapely.relate_pattern(
        parts[one], parts[other], "****1****"
    )
    broken[one[clash]] = True
    broken[other[clash]] = True
    return broken
