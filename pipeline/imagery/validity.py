"""Which working pixels show ground that every used band group has seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter

from pipeline.imagery.patches import TAPS, Resampling
from pipeline.imagery.scene import BandGroup
from pipeline.imagery.transform import Shape

_STRIP: Final = 512
_REACH: Final = 1.0
"""Pixels of a group past its border where its repeated edge still stands for the ground."""


def valid_on_grid(
    groups: Sequence[BandGroup],
    to_working: Affine,
    shape: Shape,
    resampling: Resampling = "bilinear",
) -> NDArray[np.bool_]:
    """Valid pixels of the working grid.

    A pixel is valid if, in every group, it lies on the image or at most one of the group's pixels
    beside it, and no invalid pixel takes part in its interpolated value.

    Args:
        groups: Band groups, with their transforms onto the reference grid.
        to_working: Pixel edges of the reference grid to those of the working grid.
        shape: (H, W) of the working grid.
        resampling: Interpolation that windows will be cut with.

    Returns:
        (H, W) bool.
    """
    valid = np.ones(shape, dtype=np.bool_)
    for group in groups:
        to_group = ~(to_working @ group.to_reference)
        usable = None if group.valid is None else _usable(group.valid, to_group, TAPS[resampling])
        size = group.pixels.shape[1:]
        for top in range(0, shape[0], _STRIP):
            part = valid[top : top + _STRIP]
            part &= _seen(to_group, top, part.shape, size, usable)
    return valid


def _usable(valid: NDArray[np.bool_], to_group: Affine, taps: int) -> NDArray[np.bool_]:
    """Pixels with no invalid one near enough to be mixed in by averaging and interpolation."""
    steps = math.hypot(to_group.b, to_group.e), math.hypot(to_group.a, to_group.d)
    size = [2 * _reach(step, taps) + 1 for step in steps]
    usable: NDArray[np.bool_] = minimum_filter(valid.view(np.uint8), size, mode="nearest") > 0
    return usable


def _reach(step: float, taps: int) -> int:
    """Pixels on each side of a pixel that a value interpolated in it may be made of.

    Interpolation weighs the means of blocks of pixels. With two taps, the nearer block's centre is
    no further than half a block from the position, so the other block ends within one block and a
    half of it; each further pair of taps adds one block.

    Args:
        step: Pixels of the group per working pixel.
        taps: Blocks that the interpolation weighs.
    """
    block = max(1, round(step))
    return taps // 2 * block + (block + 1) // 2 - 1


def _seen(
    to_group: Affine,
    top: int,
    shape: tuple[int, ...],
    size: tuple[int, ...],
    usable: NDArray[np.bool_] | None,
) -> NDArray[np.bool_]:
    """Validity of a strip of working pixels in one group."""
    a, b, c, d, e, f = to_group[:6]
    columns = np.arange(shape[1]) + 0.5
    lines = np.arange(top, top + shape[0])[:, None] + 0.5
    x: NDArray[Any] = a * columns + b * lines + c
    y: NDArray[Any] = d * columns + e * lines + f
    height, width = size
    inside = (x >= -_REACH) & (x <= width + _REACH) & (y >= -_REACH) & (y <= height + _REACH)
    if usable is not None:
        column = np.clip(np.floor(x).astype(np.int64), 0, width - 1)
        row = np.clip(np.floor(y).astype(np.int64), 0, height - 1)
        inside &= usable[row, column]
    seen: NDArray[np.bool_] = inside
    return seen
