"""Fewer vertices for outlines, bounded by the Jaccard index that it may cost.

Outlines of masks are staircases; few of their vertices tell where an object ends. What a mask says
is which pixel centres it holds, so a change of outline is measured by the centres that change
sides, and its area is bounded as well.
"""

from __future__ import annotations

import re

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.mapping.shortening import Chains, Limits, shortened

Parts = NDArray[np.object_]
"""One-dimensional array of shapely polygons."""
AREA_PER_COST = 15.0
"""Area that may change sides for each pixel whose centre may: cutting the corners of a staircase
moves area to both sides and next to no centres."""
_ATTEMPTS = 4
_NUMBERS = re.compile(r"[-+.\de]+")
_NEAR = 1e-3
"""Pixels."""


def simplified(parts: Parts, cost: float) -> Parts:
    """Polygons of fewer vertices that hold nearly the same pixels.

    No part changes by more pixels than ``cost`` times its area, nor by more area than
    ``AREA_PER_COST`` times that; the same holds for each of its rings and the area that the ring
    encloses, so no hole closes. Let A be the pixels of the mask, B those that the simplified parts
    hold, D their symmetric difference. Parts share no pixels, so |D| is at most the sum over the
    parts, thus ``cost`` |A|, and their Jaccard index is

        |A and B| / |A or B| = 1 - |D| / |A or B| >= 1 - |D| / |A| >= 1 - cost,

    for a class pooled over any number of scenes too, and likewise for areas. (A centre that lies on
    an outline to the last digit may be drawn on either side.)

    Quadrangles stay as they are. Where new outlines would cross, the vertices around are kept.

    Args:
        parts: Polygons in pixel coordinates that together form a valid MultiPolygon.
        cost: Share of a part's pixels that may change sides; 0 keeps every vertex.

    Returns:
        As many polygons with as many holes, in the same order; together a valid MultiPolygon.
    """
    if cost <= 0 or not len(parts):
        return parts
    simple = parts.copy()
    again = np.arange(len(parts))
    pins = np.empty((0, 4))
    for _ in range(_ATTEMPTS):
        simple[again] = _alone(parts[again], cost, pins)
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


def faulty(parts: Parts) -> NDArray[np.int_]:
    """Indices of the parts that keep the whole from being a valid MultiPolygon."""
    if not len(parts):
        return np.empty(0, np.int_)
    whole = shapely.multipolygons(parts)
    if shapely.is_valid(whole):
        return np.empty(0, np.int_)
    found = np.flatnonzero(broken(parts))
    if len(found):
        return found
    # Parts that meet to the last digit are apart for one rule and cross for another.
    spot = _NUMBERS.findall(shapely.is_valid_reason(whole).partition("[")[2])
    near = shapely.dwithin(parts, shapely.points(*map(float, spot[:2])), _NEAR)
    return np.flatnonzero(near)


def _alone(parts: Parts, cost: float, pins: NDArray[np.float64]) -> Parts:
    """Parts simplified without a look at each other.

    Args:
        parts: Polygons.
        cost: See :func:`simplified`.
        pins: (n, 4) boxes whose vertices stay.
    """
    rings, owner = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    once = np.diff(ring, append=-1) == 0
    points, ring = points[once], ring[once]
    areas = np.concatenate((shapely.area(shapely.polygons(rings)), shapely.area(parts)))
    owners = np.stack((np.arange(len(rings)), len(rings) + owner), axis=1)
    limits = Limits(owners, cost * areas[:, None] * (1.0, AREA_PER_COST))
    closed = np.ones(len(rings), np.bool_)
    short = shortened(Chains(points, ring, within(points, pins), closed), limits)
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


def crossings(parts: Parts) -> NDArray[np.float64]:
    """Boxes (n, 4) around edges that meet other than by following one another."""
    rings = shapely.get_rings(parts)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    starts = np.flatnonzero(np.diff(ring, append=-1) == 0)
    edges = shapely.linestrings(np.stack((points[starts], points[starts + 1]), axis=1))
    one, other = shapely.STRtree(edges).query(edges, predicate="intersects")
    one, other = one[one < other], other[one < other]
    last = np.searchsorted(ring[starts], ring[starts], side="right") - 1
    first = np.searchsorted(ring[starts], ring[starts])
    follows = (other == one + 1) & (other <= last[one])
    follows |= (other == last[one]) & (one == first[one])
    meeting = np.concatenate((one[~follows], other[~follows]))
    found: NDArray[np.float64] = shapely.bounds(edges[meeting]) + np.array((-1, -1, 1, 1))
    return found


def broken(parts: Parts) -> NDArray[np.bool_]:
    """Which polygons are invalid, or share more than single points with another one."""
    found: NDArray[np.bool_] = ~shapely.is_valid(parts)
    sound = np.flatnonzero(~found)
    one, other = shapely.STRtree(parts[sound]).query(parts[sound], predicate="intersects")
    one, other = sound[one[one < other]], sound[other[one < other]]
    clash = shapely.relate_pattern(parts[one], parts[other], "T********") | shapely.relate_pattern(
        parts[one], parts[other], "****1****"
    )
    found[one[clash]] = True
    found[other[clash]] = True
    return found
