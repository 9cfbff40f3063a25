"""Masks smoothed by their own shape: majority, closing and opening, exact to the pixel.

Pixels without an answer take no part: they neither vote, nor wear a mask down, nor fill up.
"""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.mapping.tracing.corners import Mask

_SLACK: Final = 1e-4
"""Distances are of single precision."""


def majority(mask: Mask, answered: Mask, radius: int) -> Mask:
    """Pixels in whose square window more than half of the answers are set.

    Taking the median of probabilities and then a threshold is the same: the median of a window's
    odd number of values is at or above a threshold where more than half of them are.

    Args:
        mask: (H, W), a subset of ``answered``.
        answered: (H, W).
        radius: Pixels from the middle of a window to its last; 0 changes nothing.
    """
    if radius <= 0:
        return mask
    found: Mask = answered & (2 * _count(mask, radius) > _count(answered, radius))
    return found


def _count(mask: Mask, radius: int) -> NDArray[np.float32]:
    """Set pixels of each window, whole numbers that single precision holds exactly."""
    side = 2 * radius + 1
    counted = cv2.boxFilter(
        mask.view(np.uint8),
        cv2.CV_32F,
        (side, side),
        normalize=False,
        borderType=cv2.BORDER_CONSTANT,
    )
    return np.asarray(counted, np.float32)


def closed(mask: Mask, answered: Mask, radius: float) -> Mask:
    """Closing by a disc: gaps that no disc of this radius (pixels) fits into are filled.

    Nothing lies around the image, so that its border closes no gap.
    """
    if radius < 1 or not mask.any():
        return mask
    margin = math.ceil(radius) + 1
    filled = ~grown(~grown(np.pad(mask, margin), radius), radius)
    found: Mask = (filled[margin:-margin, margin:-margin] & answered) | mask
    return found


def opened(mask: Mask, answered: Mask, radius: float) -> Mask:
    """Opening by a disc: what no disc of this radius (pixels) fits into is dropped."""
    if radius <= 0:
        return mask
    # What lies around the image or has no answer does not wear a part down.
    kept = ~grown(answered & ~mask, radius)
    found: Mask = grown(kept & mask, radius) & mask
    return found


def grown(mask: Mask, radius: float) -> Mask:
    """Pixels whose centres lie within so many pixels of the centre of one that is set."""
    if radius < 1 or not mask.any():
        return mask
    distance = cv2.distanceTransform(
        (~mask).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE, dstType=cv2.CV_32F
    )
    found: Mask = np.asarray(distance) <= radius + _SLACK
    return found
