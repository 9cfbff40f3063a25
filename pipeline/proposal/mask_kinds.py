"""Whether rasters are masks, and how their pixels tell classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.imagery.rasters.description import FileDescription

MOST_CLASSES: Final = 64
"""Masks with more different values are no masks."""
Code = Literal["index", "bands", "colours"]


def is_mask(files: Sequence[FileDescription], pixels: Sequence[NDArray[Any]]) -> bool:
    """Whether files look like masks by what they hold.

    Args:
        files: What some say of themselves.
        pixels: Of each (C, n).
    """
    if any(file.dtype.startswith("float") or file.driver == "JPEG" for file in files):
        return False
    return all(0 < len(_colours(one)) <= MOST_CLASSES for one in pixels)


def _colours(pixels: NDArray[Any]) -> NDArray[Any]:
    """Different values of pixels (C, n): numbers, or colours as 0xRRGGBB."""
    return np.unique(packed(pixels))


def packed(pixels: NDArray[Any]) -> NDArray[np.int64]:
    """Numbers (n,) of pixels (C, n): of their first band, or 0xRRGGBB of three."""
    wide: NDArray[np.int64] = pixels.astype(np.int64)
    if len(wide) < 3:
        one: NDArray[np.int64] = wide[0]
        return one
    packed: NDArray[np.int64] = (wide[0] << 16) | (wide[1] << 8) | wide[2]
    return packed


def code_of(file: FileDescription, pixels: NDArray[Any]) -> Code:
    """How masks tell classes, by one of them.

    Args:
        file: What it says of itself.
        pixels: (C, n).
    """
    if len(pixels) == 1:
        return "index"
    alike = len(pixels) > 2 and bool((pixels[:3] == pixels[:1]).all())
    if alike:
        return "index"
    picture = file.driver == "PNG" or file.colours[:3] == ("red", "green", "blue")
    there_or_not = all(len(np.unique(band)) <= 2 for band in pixels)
    if int(pixels.max()) <= 1 or (there_or_not and not picture):
        return "bands"
    return "colours" if len(pixels) in (3, 4) else "bands"
