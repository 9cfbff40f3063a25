"""Distances to a mask, exactly, and grids of half the pixel size."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.mapping.masks.morphology import distances
from pipeline.mapping.tracing.corners import Mask

Value = TypeVar("Value", bound=np.generic)


def squared_distances(
    mask: Mask, part: tuple[slice, slice] = (slice(None), slice(None))
) -> NDArray[np.float32]:
    """Squared distance from every pixel's centre to that of the nearest pixel of a mask, pixels.

    Squares of distances between centres are whole numbers, so rounding takes away what single
    precision adds.

    Args:
        mask: (H, W).
        part: Rows and columns that are asked for.

    Returns:
        (h, w) whole numbers; infinite where the mask is empty.
    """
    if not mask.any():
        return np.full(mask[part].shape, np.inf, dtype=np.float32)
    squares: NDArray[np.float32] = np.rint(np.square(distances(mask)[part], dtype=np.float32))
    return squares


def fine(mask: Mask) -> Mask:
    """A mask (H, W) on a grid of half the pixel size, (2 H, 2 W)."""
    doubled: Mask = mask.repeat(2, axis=0).repeat(2, axis=1)
    return doubled


def blocks(image: NDArray[Value]) -> NDArray[Value]:
    """The four halves (H, W, 4) of every pixel of a doubled grid (2 H, 2 W)."""
    height, width = image.shape[0] // 2, image.shape[1] // 2
    parted = image.reshape(height, 2, width, 2).swapaxes(1, 2)
    return parted.reshape(height, width, 4)
