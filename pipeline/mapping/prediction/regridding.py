"""Levels on another grid over the same ground, row by row."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from pipeline.imagery.transform import Shape
from pipeline.learning.metrics import LEVELS
from pipeline.mapping.prediction.coverage import UNANSWERED, Levels

_HALF = 0.5
_SLACK = 1e-4
"""Weights that should sum to one half may sum to a little less."""


def resampled(read: Callable[[slice], Levels], shape: Shape, wanted: Shape, rows: slice) -> Levels:
    """Levels on another grid, averaged where it is coarser.

    Each pixel is a mean of those around it, weighted by a triangle that reaches one pixel of the
    coarser grid to each side. A pixel has an answer where pixels with one make up half of the
    weight or more; the others don't count.

    Args:
        read: Gives rows (K, h, w) of the levels, uint8, 0 for no answer.
        shape: (H, W) of their grid.
        wanted: (H', W') of the other grid.
        rows: Rows of the other grid that are asked for.

    Returns:
        (K, rows, W') uint8, 0 for no answer: the same numbers whatever other rows are asked for.
    """
    if shape == wanted:
        return read(rows)
    (down, seen), (across, _) = (
        _weights(shape[0], wanted[0], rows.start, rows.stop),
        _weights(shape[1], wanted[1], 0, wanted[1]),
    )
    levels = read(seen)
    out = np.empty((len(levels), rows.stop - rows.start, wanted[1]), np.uint8)
    for plane, target in zip(levels, out, strict=True):
        answers = plane != UNANSWERED
        values = _averaged(plane, down, across)
        if answers.all():
            target[:] = np.rint(values).clip(UNANSWERED + 1, LEVELS - 1)
            continue
        share = _averaged(answers, down, across)
        values /= np.maximum(share, _HALF)
        target[:] = np.rint(values).clip(UNANSWERED + 1, LEVELS - 1) * (share >= _HALF - _SLACK)
    return out


def _averaged(
    plane: NDArray[np.uint8 | np.bool_], down: csr_array, across: csr_array
) -> NDArray[np.float64]:
    """Weighted means (rows, W') of a plane (h, w), along columns and then along rows."""
    turned = np.ascontiguousarray((down @ plane.astype(np.float64)).T)
    found: NDArray[np.float64] = np.asarray(across @ turned).T
    return found


@lru_cache(maxsize=4)
def _weights(length: int, wanted: int, first: int, last: int) -> tuple[csr_array, slice]:
    """What pixels of an axis count for those from ``first`` to ``last`` of another one.

    Args:
        length: Pixels of the axis.
        wanted: Pixels of the other one over the same ground.
        first: First pixel of the other one.
        last: The one after its last.

    Returns:
        (last - first, pixels) weights that sum to 1 in each row, and the pixels.
    """
    scale = length / wanted
    support = max(1.0, scale)
    centres = scale * (np.arange(first, last) + 0.5)
    lows = np.maximum(np.floor(centres - support + 0.5), 0).astype(np.int64)
    places = lows[:, None] + np.arange(2 * math.ceil(support) + 1)
    heights = 1 - np.abs(places + 0.5 - centres[:, None]) / support
    heights = np.where((places < length) & (heights > 0), heights, 0.0)
    heights /= heights.sum(axis=1, keepdims=True)
    line, step = np.nonzero(heights)
    columns = places[line, step]
    seen = slice(int(columns.min()), int(columns.max()) + 1)
    shape = (last - first, seen.stop - seen.start)
    return csr_array((heights[line, step], (line, columns - seen.start)), shape=shape), seen
