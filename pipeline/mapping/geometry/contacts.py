"""Where outlines cross, or come so close that scaling or rounding makes them cross."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray

Parts = NDArray[np.object_]
"""One-dimensional array of shapely polygons."""
_NEAR = 1e-6
"""Pixels. A vertex on the edge of another outline is valid only until the last digit changes."""
_BAND = 1 << 17
"""Points or edges that are looked at in one go."""


def faulty(parts: Parts) -> NDArray[np.int_]:
    """Indices of the parts that keep the whole from being a MultiPolygon that stays valid.

    They are invalid, share more than single points with another one, or have a vertex on an edge,
    or an edge under a vertex, that is no vertex of both.
    """
    if not len(parts):
        return np.empty(0, np.int_)
    if not shapely.is_valid(shapely.multipolygons(parts)):
        found = np.flatnonzero(_broken(parts))
        if len(found):
            return found
    return touching(parts)


def touching(parts: Parts) -> NDArray[np.int_]:
    """Indices of the parts of a vertex and an edge that meet where the edge does not end."""
    edges, owner = edges_of(parts)
    found = [np.empty(0, np.int_)]
    for vertex, edge in near_pairs(edges[:, :1], edges):
        ends = (edges[edge] == edges[vertex, :1]).all(axis=2).any(axis=1)
        found.append(np.unique(owner[np.concatenate((vertex[~ends], edge[~ends]))]))
    return np.unique(np.concatenate(found))


def crossings(parts: Parts) -> NDArray[np.float64]:
    """Boxes (n, 4) around edges that meet without following each other, and a pixel more."""
    edges, owner = edges_of(parts)
    meeting = [np.empty(0, np.int_)]
    for one, other in near_pairs(edges, edges):
        follows = (edges[one, 1] == edges[other, 0]).all(axis=1)
        follows |= (edges[one, 0] == edges[other, 1]).all(axis=1)
        follows &= owner[one] == owner[other]
        meeting.append(np.unique(one[(one != other) & ~follows]))
    lines = shapely.linestrings(edges[np.unique(np.concatenate(meeting))])
    found: NDArray[np.float64] = shapely.bounds(lines) + np.array((-1, -1, 1, 1))
    return found


def near_pairs(
    ones: NDArray[np.float64], others: NDArray[np.float64]
) -> Iterator[tuple[NDArray[np.int_], NDArray[np.int_]]]:
    """Indices of points or edges, and of edges that they come near to, band by band.

    Trees of edges take some hundred bytes for each of them, so few are built at a time.

    Args:
        ones: (n, 1, 2) points, or (n, 2, 2) edges.
        others: (m, 2, 2) edges.
    """
    top, low, high = (
        ones[:, :, 1].min(axis=1),
        others[:, :, 1].min(axis=1),
        others[:, :, 1].max(axis=1),
    )
    order = np.argsort(top, kind="stable")
    for first in range(0, len(order), _BAND):
        band = order[first : first + _BAND]
        above, below = top[band[0]] - _NEAR, ones[band, :, 1].max() + _NEAR
        here = np.flatnonzero((high >= above) & (low <= below))
        shapes = (
            shapely.points(ones[band, 0]) if ones.shape[1] == 1 else shapely.linestrings(ones[band])
        )
        tree = shapely.STRtree(shapely.linestrings(others[here]))
        one, other = tree.query(shapes, predicate="dwithin", distance=_NEAR)
        yield band[one], here[other]


def edges_of(parts: Parts) -> tuple[NDArray[np.float64], NDArray[np.int_]]:
    """Edges of all rings, (n, 2, 2), and the part that each belongs to."""
    rings, owner = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    starts = np.flatnonzero(np.diff(ring) == 0)
    return np.stack((points[starts], points[starts + 1]), axis=1), owner[ring[starts]]


def _broken(parts: Parts) -> NDArray[np.bool_]:
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
