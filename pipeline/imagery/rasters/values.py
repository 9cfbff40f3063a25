"""Numbers of pixels: those without data, and those that are none."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ImageryError
from pipeline.imagery.scene import Pixels

Valid = NDArray[np.bool_]


def has_data(pixels: Pixels, nodata: Sequence[float | None]) -> Valid | None:
    """(h, w) pixels where not all bands are without data; None where a band can't be.

    Args:
        pixels: (C, h, w).
        nodata: Value of each band's pixels without data, or None.
    """
    valid: Valid | None = None
    for band, value in zip(pixels, nodata, strict=True):
        same = _equal(band, value)
        if same is None:
            return None
        valid = ~same if valid is None else valid | ~same
    return valid


def both(*masks: Valid | None) -> Valid | None:
    """Pixels that are valid in every mask; None, where all are, counts as such a mask."""
    found = [mask for mask in masks if mask is not None]
    return functools.reduce(np.logical_and, found) if found else None


def _equal(band: Pixels, value: float | None) -> Valid | None:
    """Where a band has a value; None if its type can't hold that."""
    if value is None:
        return None
    if band.dtype.kind == "f":
        if np.isnan(value):
            gaps: Valid = np.isnan(band)
            return gaps
        # The lowest number of 32 bits, as a text of 64 bits, may lie past it.
        limit = float(np.finfo(band.dtype).max)
        inside = value if np.isinf(value) else min(max(value, -limit), limit)
        value = inside
    else:
        limits = np.iinfo(band.dtype)
        if not float(value).is_integer() or not limits.min <= value <= limits.max:
            return None
    same: Valid = np.equal(band, band.dtype.type(value))
    return same


def without_gaps(
    paths: Sequence[Path],
    pixels: Pixels,
    valid: Valid | None,
    nodata: Sequence[float | None],
    row: int,
    column: int,
) -> Valid | None:
    """Valid pixels once those are out whose numbers are none in all bands.

    A pixel whose number is none in some bands counts as without data if the file or the
    configuration says that NaN means this, and is an error else.

    Args:
        paths: File of each band, for messages.
        pixels: (C, h, w) of type float32.
        valid: (h, w) valid pixels as far as they are known.
        nodata: Value of each band's pixels without data, or None.
        row: Row of the file that ``pixels`` begin with, for messages.
        column: Column likewise.

    Returns:
        (h, w) valid pixels; None where all are.

    Raises:
        ImageryError: If a pixel that counts as valid holds a number that is none.
    """
    finite = np.isfinite(pixels)
    if finite.all():
        return valid
    gap: Valid = np.logical_and.reduce(np.isnan(pixels))
    for band, value in zip(pixels, nodata, strict=True):
        if value is not None and np.isnan(value):
            np.logical_or(gap, np.isnan(band), out=gap)
    filled: Valid = ~gap if valid is None else valid & ~gap
    wrong = ~finite & filled
    if wrong.any():
        band, down, right = np.argwhere(wrong)[0]
        raise ImageryError(
            f"{paths[band]}: band {band + 1}, row {row + down}, column {column + right} is "
            f"not a finite number ({np.count_nonzero(wrong)} values in all); replace them by a "
            "number and name it in scenes.nodata, or name .nan as the group's nodata if such "
            "pixels have no data"
        )
    return filled
