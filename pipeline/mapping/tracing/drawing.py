"""Masks of rings that follow pixel edges."""

from __future__ import annotations

import numpy as np

from pipeline.mapping.ramps import ramps
from pipeline.mapping.tracing.corners import Mask
from pipeline.mapping.tracing.rings import Rings


def drawn(rings: Rings, shape: tuple[int, int]) -> Mask:
    """Pixels inside of rings.

    Args:
        rings: Of one mask: no two share a pixel's edge. Parts with their holes give the mask
            back; holes alone give all that lies in them.
        shape: (H, W).

    Returns:
        (H, W) bool.
    """
    height, width = shape
    steps = np.zeros((height, width + 1), np.int8)
    after = np.arange(1, len(rings.rows) + 1)
    after[rings.starts[1:] - 1] = rings.starts[:-1]
    drop = rings.rows[after] - rings.rows
    along = np.flatnonzero(drop)
    top, length = np.minimum(rings.rows, rings.rows[after])[along], np.abs(drop[along])
    edge, step = ramps(length)
    # Where the outline runs up, the part begins to its right; where it runs down, it ends.
    steps[top[edge] + step, rings.columns[along][edge]] = -np.sign(drop[along])[edge]
    mask: Mask = np.cumsum(steps, axis=1, dtype=np.int8)[:, :width] != 0
    return mask
