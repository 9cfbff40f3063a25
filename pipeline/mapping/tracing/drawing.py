"""Masks of rings that follow pixel edges."""

from __future__ import annotations

import numpy as np

from pipeline.mapping.ramps import ramps
from pipeline.mapping.tracing.corners import Mask
from pipeline.mapping.tracing.rings import Rings


def drawn(rings: Rings, shape: tuple[int, int], rows: slice | None = None) -> Mask:
    """Pixels inside of rings.

    Args:
        rings: Of one mask: no two share a pixel's edge. Parts with their holes give the mask
            back; holes alone give all that lies in them.
        shape: (H, W).
        rows: Rows that are drawn; None for all.

    Returns:
        (h, W) bool.
    """
    first, last, _ = (rows or slice(None)).indices(shape[0])
    steps = np.zeros((last - first, shape[1] + 1), np.int8)
    after = np.arange(1, len(rings.rows) + 1)
    after[rings.starts[1:] - 1] = rings.starts[:-1]
    top, bottom = (
        np.minimum(rings.rows, rings.rows[after]),
        np.maximum(rings.rows, rings.rows[after]),
    )
    along = np.flatnonzero((top < bottom) & (top < last) & (bottom > first))
    begin, end = np.maximum(top[along], first) - first, np.minimum(bottom[along], last) - first
    edge, step = ramps(end - begin)
    # Where the outline runs up, the part begins to its right; where it runs down, it ends.
    turns = np.sign(rings.rows - rings.rows[after])[along]
    steps[begin[edge] + step, rings.columns[along][edge]] = turns[edge]
    mask: Mask = np.cumsum(steps, axis=1, dtype=np.int8)[:, : shape[1]] != 0
    return mask
