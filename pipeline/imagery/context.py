"""What lies around a scene's image: pixels of its neighbours, else its own edge, repeated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from pipeline.imagery.scene import Pixels
from pipeline.imagery.transform import Shape

Read = Callable[[slice, slice], tuple[Pixels, NDArray[np.bool_] | None]]
"""Gives rows and columns of an image: pixels (C, h, w) and validity (h, w), None for all valid."""


@dataclass(frozen=True)
class Supplier:
    """An image that shows some of the ground around another.

    Attributes:
        to_image: Pixel edges of this image to those of the other one.
        shape: (H, W) of this image.
        read: Gives its pixels.
    """

    to_image: Affine
    shape: Shape
    read: Read


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels, counted from an image's first; it may lie outside of the image."""

    row: int
    column: int
    height: int
    width: int


def margin_boxes(shape: Shape, margin: int) -> tuple[Box, Box, Box, Box]:
    """The frame of ``margin`` pixels around an image (H, W): above, below, left and right."""
    height, width = shape
    return (
        Box(-margin, -margin, margin, width + 2 * margin),
        Box(height, -margin, margin, width + 2 * margin),
        Box(0, -margin, height, margin),
        Box(0, width, height, margin),
    )


def surroundings(
    box: Box, shape: Shape, own: Read, suppliers: Sequence[Supplier], like: Pixels
) -> Pixels:
    """Pixels around an image.

    A pixel takes the value of the first supplier that has a valid one at its centre, else of the
    image's own nearest pixel.

    Args:
        box: Where.
        shape: (H, W) of the image.
        own: Gives the image's pixels.
        suppliers: Images that may show the ground there.
        like: (C, ...), of the type that is wanted.

    Returns:
        (C, h, w).
    """
    rows = np.arange(box.row, box.row + box.height)
    columns = np.arange(box.column, box.column + box.width)
    found = _edges(rows, columns, shape, own)
    missing = np.ones((box.height, box.width), np.bool_)
    for supplier in suppliers:
        if missing.any():
            _take(found, missing, rows, columns, supplier)
    return found.astype(like.dtype, copy=False)


def _edges(rows: NDArray[np.int64], columns: NDArray[np.int64], shape: Shape, own: Read) -> Pixels:
    """The image's own nearest pixels, (C, h, w)."""
    rows, columns = np.clip(rows, 0, shape[0] - 1), np.clip(columns, 0, shape[1] - 1)
    top, left = int(rows[0]), int(columns[0])
    pixels, _ = own(slice(top, int(rows[-1]) + 1), slice(left, int(columns[-1]) + 1))
    nearest: Pixels = pixels[:, rows - top][:, :, columns - left]
    return nearest


def _take(
    found: Pixels,
    missing: NDArray[np.bool_],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    supplier: Supplier,
) -> None:
    """Put in what a supplier has of the missing pixels."""
    a, b, c, d, e, f = (~supplier.to_image)[:6]
    # A hair's breadth decides nothing: images of one raster meet at whole pixels.
    x = np.floor(a * (columns + 0.5) + b * (rows[:, None] + 0.5) + c + 1e-6).astype(np.int64)
    y = np.floor(d * (columns + 0.5) + e * (rows[:, None] + 0.5) + f + 1e-6).astype(np.int64)
    height, width = supplier.shape
    there = missing & (x >= 0) & (x < width) & (y >= 0) & (y < height)
    if not there.any():
        return
    x, y = x[there], y[there]
    top, left = int(y.min()), int(x.min())
    pixels, valid = supplier.read(slice(top, int(y.max()) + 1), slice(left, int(x.max()) + 1))
    place = (y - top, x - left)
    if valid is not None:
        ok = valid[place]
        there[there] = ok
        place = (place[0][ok], place[1][ok])
    found[:, there] = pixels[:, place[0], place[1]]
    missing &= ~there
