"""Parts in batches of bounded size that can be simplified apart from each other.

Batches do not depend on memory, so neither does a result.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipeline.mapping.geometry.contacts import Parts, edges_of, near_pairs

Indices = NDArray[np.int_]
SIZE: Final = 1 << 17
"""Vertices of a batch; one part, or parts that share borders, may have more."""


def in_batches(parts: Parts, units: Indices | None = None, size: int = SIZE) -> list[Indices]:
    """Indices of the parts of each batch, ascending.

    Args:
        parts: Polygons.
        units: (parts,) parts of one number stay in one batch; None: each is one by itself.
        size: Vertices of a batch.
    """
    own = np.arange(len(parts)) if units is None else units
    sizes = np.bincount(own, shapely.get_num_coordinates(parts))
    batch = ((np.cumsum(sizes) - sizes) // size).astype(np.int64)[own]
    order = np.argsort(batch, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(batch[order])) + 1) if len(parts) else []


def sharing(parts: Parts) -> Indices:
    """(parts,) numbers that parts with a common border share, from 0 in the order of the parts.

    Args:
        parts: Polygons along pixel edges, of classes that share no pixel.
    """
    edges, owner = edges_of(parts)
    pairs = [_overlapping(edges, owner, axis) for axis in (0, 1)]
    one, other = np.concatenate(pairs, axis=1)
    size = (len(parts), len(parts))
    graph = coo_array((np.ones(len(one), np.int8), (one, other)), shape=size)
    found: Indices = connected_components(graph, directed=False)[1]
    return found


def _overlapping(edges: NDArray[np.float64], owner: Indices, axis: int) -> NDArray[np.int_]:
    """Pairs (2, n) of parts whose edges across an axis lie on each other.

    On a line of the grid no more than two edges lie on each other anywhere. So an edge lies on
    another one that begins before it if, and only if, it lies on the one that reaches furthest.
    """
    across = edges[:, 0, axis] == edges[:, 1, axis]
    line, ends = edges[across, 0, axis], np.sort(edges[across, :, 1 - axis], axis=1)
    owner = owner[across]
    order = np.lexsort((ends[:, 0], line))
    line, (begin, end), owner = line[order], ends[order].T, owner[order]
    # Lines are laid out one after the other, so that none reaches into the next.
    length = float(ends.max(initial=0)) + 1
    reached = np.maximum.accumulate(line * length + end)
    furthest = np.maximum.accumulate(
        np.where(line * length + end == reached, np.arange(len(line)), 0)
    )
    lies = np.flatnonzero(line[1:] * length + begin[1:] < reached[:-1]) + 1
    return np.stack((owner[lies], owner[furthest[lies - 1]]))


def meeting(parts: Parts, batch: Indices) -> tuple[NDArray[np.float64], Indices]:
    """Boxes (n, 4) around what of two batches crosses or lies in each other, and these batches.

    Parts that touch in a vertex of both are no fault.

    Args:
        parts: Valid polygons.
        batch: (parts,) batch of each.
    """
    edges, owner = edges_of(parts)
    boxes, bad = [], []
    for one, other in near_pairs(edges, edges):
        apart = batch[owner[one]] != batch[owner[other]]
        first, second = edges[one[apart]], edges[other[apart]]
        same = (first[:, :, None] == second[:, None]).all(axis=3)
        fault = np.flatnonzero(apart)[(same.any(axis=(1, 2))) == (same.sum(axis=(1, 2)) > 1)]
        found = one[fault]
        low, high = edges[found].min(axis=1), edges[found].max(axis=1)
        boxes.append(np.concatenate((low - 1, high + 1), axis=1))
        bad += [batch[owner[found]], batch[owner[other[fault]]]]
    starts = shapely.points(
        shapely.get_coordinates(shapely.get_point(shapely.get_exterior_ring(parts), 0))
    )
    outer, inner = shapely.STRtree(starts).query(parts, predicate="contains_properly")
    inside = batch[outer] != batch[inner]
    boxes.append(shapely.bounds(parts[inner[inside]]) + np.array((-1, -1, 1, 1)))
    bad += [batch[outer[inside]], batch[inner[inside]]]
    return np.concatenate(boxes), np.unique(np.concatenate(bad))
