"""Outlines without corners, for water."""

from __future__ import annotations

import numpy as np
import shapely

from pipeline.mapping.geometry.simplification import Parts


def rounded(parts: Parts, times: int) -> Parts:
    """Polygons whose corners are cut at a quarter of their edges, several times.

    In the limit that is the quadratic B-spline of the outline's vertices (Chaikin, "An algorithm
    for high-speed curve generation", 1974). Each time doubles the vertices.

    Args:
        parts: Polygons.
        times: How often corners are cut.

    Returns:
        As many polygons with as many rings; not necessarily valid ones.
    """
    if not len(parts):
        return parts
    rings, owner = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    for _ in range(times):
        starts = np.flatnonzero(np.diff(ring) == 0)
        first, second = points[starts], points[starts + 1]
        cut = np.stack((0.75 * first + 0.25 * second, 0.25 * first + 0.75 * second), axis=1)
        lines = shapely.linearrings(cut.reshape(-1, 2), indices=np.repeat(ring[starts], 2))
        points, ring = shapely.get_coordinates(lines, return_index=True)
    found: Parts = shapely.polygons(shapely.linearrings(points, indices=ring), indices=owner)
    return found
