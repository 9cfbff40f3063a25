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
    """Valid pixels (H, W) of the working grid, see :func:`valid_rows`."""
    return valid_rows(groups, to_working, slice(0, shape[0]), shape[1], resampling)


def valid_rows(
    groups: Sequence[BandGroup],
    to_working: Affine,
    rows: slice,
    width: int,
    resampling: Resampling = "bilinear",
) -> NDArray[np.bool_]:
    """Valid pixels of some rows of the working grid.

    A pixel is valid if, in every group, it lies on the image or at most one of the group's pixels
    beside it, and no invalid pixel takes part in its interpolated value.

    Args:
        groups: Band groups, with their transforms onto the reference grid.
        to_working: Pixel edges of the reference grid to those of the working grid.
        rows: Rows of the working grid.
        width: Its columns.
        resampling: Interpolation that windows will be cut with.

    Returns:
        (h, W) bool.
    """
    valid = np.ones((rows.stop - rows.start, width), dtype=np.bool_)
    for group in groups:
        to_group = Affine.translation(-group.margin, -group.margin) @ ~(
            to_working @ group.to_reference
        )
        for top in range(0, len(valid), _STRIP):
            part = valid[top : top + _STRIP]
            part &= _seen(group, to_group, rows.start + top, part.shape, TAPS[resampling])
    return valid


def _usable(
    group: BandGroup, to_group: Affine, taps: int, top: int, bottom: int
) -> NDArray[np.bool_]:
    """Pixels with no invalid one near enough to be mixed in by averaging and interpolation.

    Args:
        group: With some invalid pixels.
        to_group: Pixel edges of the working grid to those of the group without its margin.
        taps: Blocks that the interpolation weighs.
        top: First row that is wanted, without the margin.
        bottom: The row after the last.

    Returns:
        (bottom - top, W) bool, without the margin.
    """
    if group.valid is None:
        raise ValueError("a group without invalid pixels")
    steps = math.hypot(to_group.b, to_group.e), math.hypot(to_group.a, to_group.d)
    reach = [_reach(step, taps) for step in steps]
    height = group.valid.shape[0] - 2 * group.margin
    first, last = max(top - reach[0], 0), min(bottom + reach[0], height)
    columns = slice(group.margin, group.valid.shape[1] - group.margin)
    part = group.valid[group.margin + first : group.margin + last][:, columns]
    size = [2 * one + 1 for one in reach]
    near = minimum_filter(np.ascontiguousarray(part).view(np.uint8), size, mode="nearest") > 0
    usable: NDArray[np.bool_] = near[top - first : bottom - first]
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
    group: BandGroup, to_group: Affine, top: int, shape: tuple[int, ...], taps: int
) -> NDArray[np.bool_]:
    """Validity of a strip of working pixels in one group."""
    a, b, c, d, e, f = to_group[:6]
    columns = np.arange(shape[1]) + 0.5
    lines = np.arange(top, top + shape[0])[:, None] + 0.5
    x: NDArray[Any] = a * columns + b * lines + c
    y: NDArray[Any] = d * columns + e * lines + f
    height, width = (length - 2 * group.margin for length in group.pixels.shape[1:])
    inside = (x >= -_REACH) & (x <= width + _REACH) & (y >= -_REACH) & (y <= height + _REACH)
    if group.valid is not None:
        column = np.clip(np.floor(x).astype(np.int64), 0, width - 1)
        row = np.clip(np.floor(y).astype(np.int64), 0, height - 1)
        first, last = int(row.min()), int(row.max()) + 1
        inside &= _usable(group, to_group, taps, first, last)[row - first, column]
    seen: NDArray[np.bool_] = inside
    return seen
