"""A patch as a picture: what the camera saw, and below it what is right and wrong."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

from pipeline.reporting.picture import Picture

Mask = NDArray[np.bool_]
RIGHT: Final = (
    ("found and true", "#5b8ff9"),
    ("found, not true (false alarm)", "#ffb000"),
    ("true, not found (missed)", "#d81b78"),
)
"""What the colours of the lower half mean; the viewer shows the difference in the same."""
UNKNOWN: Final = ("nothing is known", "#c8c8c8")
SIDE: Final = 192
"""Pixels of the longer side of a half."""
_GAP: Final = 6
_PAPER: Final = "#ffffff"
_LINE: Final = 0.45
"""What of the brightness is left along outlines."""
_OPACITY: Final = 0.9
_GROUND: Final = (24.0, 0.42)
"""Grey of the darkest ground, and what of the picture's brightness is added to it."""
_QUALITY: Final = 45


def draw_patch(photo: Picture, truth: Mask, found: Mask, valid: Mask) -> bytes:
    """The picture of a patch, as WebP.

    Args:
        photo: (H, W, 3) uint8, the patch as people see it.
        truth: (h, w) true ground of the class.
        found: (h, w) what the run says.
        valid: (h, w), False where nothing is known.
    """
    height, width = photo.shape[:2]
    sheet = Image.new("RGB", (width, 2 * height + _GAP), _PAPER)
    sheet.paste(Image.fromarray(photo), (0, 0))
    sheet.paste(Image.fromarray(_map(photo, truth, found, valid)), (0, height + _GAP))
    file = io.BytesIO()
    sheet.save(file, "WEBP", quality=_QUALITY, method=6)
    return file.getvalue()


def _map(photo: Picture, truth: Mask, found: Mask, valid: Mask) -> Picture:
    """Right and wrong ground in colours with dark outlines on a dark grey picture."""
    height, width = photo.shape[:2]
    rows = np.arange(height) * truth.shape[0] // height
    cols = np.arange(width) * truth.shape[1] // width
    kinds = np.select((truth & found, found, truth), (1, 2, 3), 0)
    kinds = np.where(valid, kinds, 4)[np.ix_(rows, cols)]
    grey = photo.astype(np.float32).mean(axis=-1, keepdims=True)
    drawn = np.repeat(_GROUND[0] + _GROUND[1] * grey, 3, axis=-1)
    for kind, (_, colour) in enumerate((*RIGHT, UNKNOWN), start=1):
        own = kinds == kind
        drawn[own] += _OPACITY * (np.array(ImageColor.getrgb(colour)) - drawn[own])
    line = np.zeros(kinds.shape, np.bool_)
    line[:, 1:] |= kinds[:, 1:] != kinds[:, :-1]
    line[1:] |= kinds[1:] != kinds[:-1]
    drawn[line] *= _LINE
    picture: Picture = drawn.round().clip(0, 255).astype(np.uint8)
    return picture
