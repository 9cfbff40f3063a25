"""Rasters worked on a window at a time, with as much around each as the work reaches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Box = tuple[slice, slice]
"""Rows and columns."""


@dataclass(frozen=True)
class Window:
    """A window of a raster.

    Attributes:
        seen: Rows and columns that are read.
        kept: Those of them that the window is for.
        inside: Where these lie within what is read.
    """

    seen: Box
    kept: Box
    inside: Box


def windows(shape: tuple[int, int], side: int, reach: int) -> Iterator[Window]:
    """Windows that together cover a raster, each pixel once.

    Args:
        shape: (H, W).
        side: Pixels of a window's side.
        reach: Pixels that are read beyond it on each side, where the raster has them.
    """
    for row in range(0, shape[0], side):
        for column in range(0, shape[1], side):
            axes = [
                _axis(first, side, reach, length)
                for first, length in zip((row, column), shape, strict=True)
            ]
            (seen, kept, inside), (across, kept_across, inside_across) = axes
            yield Window((seen, across), (kept, kept_across), (inside, inside_across))


def _axis(first: int, side: int, reach: int, length: int) -> tuple[slice, slice, slice]:
    last = min(first + side, length)
    low, high = max(first - reach, 0), min(last + reach, length)
    return slice(low, high), slice(first, last), slice(first - low, last - low)
