"""Parts and holes of a mask, counted and changed as pixels.

They are those that :mod:`pipeline.mapping.tracing` traces: parts are 4-connected, and a hole is
all that lies inside one ring of one part, other parts in it included.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.mapping.tracing.corners import Mask, corners_of
from pipeline.mapping.tracing.drawing import drawn
from pipeline.mapping.tracing.rings import rings_of


def labelled(mask: Mask) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """4-connected parts of a mask.

    Args:
        mask: (H, W).

    Returns:
        (H, W) number of the part from 1 on, 0 for none; and the pixels of each, by number.
    """
    image = np.ascontiguousarray(mask).view(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(image, connectivity=4)
    return labels.astype(np.int32, copy=False), stats[:, cv2.CC_STAT_AREA].astype(np.int64)


def without_small_parts(mask: Mask, smallest: float) -> Mask:
    """A mask without its parts of less than so many pixels."""
    labels, areas = labelled(mask)
    kept = areas >= smallest
    kept[0] = False
    found: Mask = kept[labels]
    return found


def without_small_holes(mask: Mask, smallest: float) -> Mask:
    """A mask whose holes of less than so many pixels are filled, with all that lies in them."""
    rings = rings_of(corners_of(mask))
    small = (rings.areas < 0) & (rings.areas > -smallest)
    if not small.any():
        return mask
    found: Mask = mask | drawn(rings.take(small), mask.shape)
    return found


def with_a_seed(mask: Mask, seeds: Mask) -> Mask:
    """Parts of a mask that hold a seed.

    Args:
        mask: (H, W).
        seeds: (H, W), pixels of the mask.
    """
    labels, areas = labelled(mask)
    kept = np.zeros(len(areas), np.bool_)
    kept[labels[seeds]] = True
    kept[0] = False
    found: Mask = kept[labels]
    return found
