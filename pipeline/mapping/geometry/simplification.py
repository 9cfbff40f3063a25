"""Fewer vertices for outlines, bounded by the Jaccard index that it may cost.

Outlines of masks are staircases; few of their vertices tell where an object ends. What a mask says
is which pixel centres it holds, so a change of outline is measured by the centres that change
sides, and its area is bounded as well.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.mapping.geometry.batches import in_batches
from pipeline.mapping.geometry.contacts import Parts, crossings, faulty
from pipeline.mapping.geometry.frame import ENDLESS, Frame
from pipeline.mapping.geometry.shortening import Chains, Limits, shortened

__all__ = ["AREA_PER_COST", "Parts", "simplified", "within"]

AREA_PER_COST = 15.0
"""Area that may change sides for each pixel whose centre may: cutting the corners of a staircase
moves area to both sides and next to no centres."""
_ATTEMPTS = 4


def simplified(parts: Parts, cost: float, frame: Frame = ENDLESS) -> Parts:
    """Polygons of fewer vertices that hold nearly the same pixels.

    No part changes by more pixels than ``cost`` times its area, nor by more area than
    ``AREA_PER_COST`` times that; the same holds for each of its rings and the area that the ring
    encloses, so no hole closes. Let A be the pixels of the mask, B those that the simplified parts
    hold, D their symmetric difference. Parts share no pixels, so |D| is at most the sum over the
    parts, thus ``cost`` |A|, and their Jaccard index is

        |A and B| / |A or B| = 1 - |D| / |A or B| >= 1 - |D| / |A| >= 1 - cost,

    for a class pooled over any number of scenes too, and likewise for areas. (A centre that lies on
    an outline to the last digit may be drawn on either side.)

    Quadrangles stay as they are, and so does what parts share with the frame. Where new outlines
    would cross, the vertices around are kept.

    Args:
        parts: Polygons in pixel coordinates that together form a valid MultiPolygon.
        cost: Share of a part's pixels that may change sides; 0 keeps every vertex.
        frame: Of the image that they are of.

    Returns:
        As many polygons with as many holes, in the same order; together a valid MultiPolygon.
    """
    if cost <= 0 or not len(parts):
        return parts
    simple = parts.copy()
    again = np.arange(len(parts))
    pins = np.empty((0, 4))
    for _ in range(_ATTEMPTS):
        for batch in in_batches(parts[again]):
            simple[again[batch]] = _alone(parts[again[batch]], cost, pins, frame)
        again = faulty(simple)
        if not len(again):
            return simple
        pins = np.concatenate((pins, crossings(simple[again])))
    restored = np.zeros(len(parts), np.bool_)
    while len(again) and not restored[again].all():
        simple[again] = parts[again]
        restored[again] = True
        again = faulty(simple)
    return parts if len(again) else simple


def _alone(parts: Parts, cost: float, pins: NDArray[np.float64], frame: Frame) -> Parts:
    """Parts simplified without a look at each other.

    Args:
        parts: Polygons.
        cost: See :func:`simplified`.
        pins: (n, 4) boxes whose vertices stay.
        frame: See :func:`simplified`.
    """
    rings, owner = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    once = np.diff(ring, append=-1) == 0
    points, ring = points[once], ring[once]
    areas = np.concatenate((shapely.area(shapely.polygons(rings)), shapely.area(parts)))
    owners = np.stack((np.arange(len(rings)), len(rings) + owner), axis=1)
    limits = Limits(owners, cost * areas[:, None] * (1.0, AREA_PER_COST))
    closed = np.ones(len(rings), np.bool_)
    short = shortened(Chains(points, ring, within(points, pins), closed), limits, frame)
    lines = shapely.linearrings(short.points, indices=short.chain)
    result: Parts = shapely.polygons(lines, indices=owner)
    return result


def within(points: NDArray[np.float64], boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points lie in one of the boxes (n, 4)."""
    found = np.zeros(len(points), np.bool_)
    if len(boxes):
        tree = shapely.STRtree(shapely.points(points))
        found[tree.query(shapely.box(*boxes.T), predicate="intersects")[1]] = True
    return found
