"""Outlines without corners, for water."""

from __future__ import annotations

import numpy as np
import shapely

from pipeline.mapping.geometry.frame import ENDLESS, Frame
from pipeline.mapping.geometry.simplification import Parts


def rounded(parts: Parts, times: int, frame: Frame = ENDLESS) -> Parts:
    """Polygons whose corners are cut at a quarter of their edges, several times.

    In the limit that is the quadratic B-spline of the outline's vertices (Chaikin, "An algorithm
    for high-speed curve generation", 1974). Each time doubles the vertices.

    Args:
        parts: Polygons.
        times: How often corners are cut.
        frame: Of the image; corners on it stay.

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
        stays = frame.sides(points) > 0
        near = np.where(stays[starts, None], first, 0.75 * first + 0.25 * second)
        cut = np.stack((near, 0.25 * first + 0.75 * second), axis=1)
        # A corner that stays is where one edge starts; the edge before it adds none.
        taken = np.stack((np.ones_like(starts, np.bool_), ~stays[starts + 1]), axis=1)
        owners = np.repeat(ring[starts], 2)[taken.ravel()]
        lines = shapely.linearrings(cut[taken], indices=owners)
        points, ring = shapely.get_coordinates(lines, return_index=True)
    found: Parts = shapely.polygons(shapely.linearrings(points, indices=ring), indices=owner)
    return found
