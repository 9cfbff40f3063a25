"""Masks smoothed by their own shape: closing and opening, exact to the pixel.

Pixels without an answer take no part: they neither wear a mask down, nor fill up.
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
    found: Mask = distances(mask) <= radius + _SLACK
    return found


def distances(mask: Mask) -> NDArray[np.float32]:
    """Distance from every pixel's centre to that of the nearest pixel of a mask, pixels.

    OpenCV's exact Euclidean transform, after Felzenszwalb and Huttenlocher: "Distance Transforms of
    Sampled Functions", Theory of Computing 8, 2012.

    Args:
        mask: (H, W) with at least one pixel.
    """
    image = np.ascontiguousarray(~mask).view(np.uint8)
    found = cv2.distanceTransform(image, cv2.DIST_L2, cv2.DIST_MASK_PRECISE, dstType=cv2.CV_32F)
    return np.asarray(found, np.float32)
