"""Counting the pixel centres that polygons hold, without drawing them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.mapping.ramps import ramps

Points = NDArray[np.float64]
_TIE = 1e-9
"""Pixels by which a centre lies left of an edge that goes through it, whatever the last digit."""


def inside(corners: Sequence[Points]) -> NDArray[np.float64]:
    """Signed number of pixel centres in polygons that don't cross themselves, (n,).

    The rule is that of drawing: a row's pixels from one edge to the next, a centre on an edge being
    left of it. Edges are counted apart, as in the shoelace formula, so polygons that share an edge
    share no centre.

    Args:
        corners: Vertices in order, each (n, 2), pixel coordinates (column, row).
    """
    starts = np.concatenate(corners)
    ends = np.concatenate((*corners[1:], corners[0]))
    found: NDArray[np.float64] = _left_of(starts, ends).reshape(len(corners), -1).sum(axis=0)
    return found


def _left_of(starts: Points, ends: Points) -> NDArray[np.float64]:
    """Signed number of centres between edges and the axis of rows, (n,)."""
    upward = starts[:, 1] > ends[:, 1]
    top, bottom = np.where(upward[:, None], ends, starts), np.where(upward[:, None], starts, ends)
    first = np.ceil(top[:, 1] - 0.5).astype(np.int64)
    rows = np.ceil(bottom[:, 1] - 0.5).astype(np.int64) - first
    edge, step = ramps(rows)
    row = first[edge] + step
    run, fall = (bottom - top)[edge].T
    # In the order in which the drawing library computes it, so that it rounds alike.
    columns = np.floor((row + 0.5 - top[edge, 1]) * run / fall + top[edge, 0] + 0.5 + _TIE)
    sums = np.bincount(edge, weights=columns, minlength=len(starts))
    return np.where(upward, -sums, sums)
