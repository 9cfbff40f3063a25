"""A small picture of a scene: ground that only one of two runs has."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import rasterio.features
from affine import Affine
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw, ImageFont

from pipeline.imagery.polygon_text import Polygonal
from pipeline.imagery.transform import Shape, moved
from pipeline.reporting.chart_style import shorten
from pipeline.reporting.picture import Picture as Pixels

_SIDE: Final = 480
_ROW: Final = 34
_LETTERS: Final = 26
_PAPER: Final = "#ffffff"
_INK: Final = "#1f2328"
BOTH: Final = "#1f2328"
"""Colour of ground that both runs have, as different classes."""
Flags = NDArray[np.bool_]


def difference_picture(
    photo: Pixels | None,
    shape: Shape,
    first: Mapping[str, Polygonal],
    other: Mapping[str, Polygonal],
    keys: Sequence[tuple[str, str]],
) -> bytes:
    """A PNG of a scene in grey, with a legend below it.

    Args:
        photo: (h, w, 3), of the whole scene at any resolution; None if there is none.
        shape: (H, W) of the working grid.
        first: Polygons of the first run by class, in pixels of the working grid.
        other: Those of the other run; the classes are the same.
        keys: Name and colour of the first run, and of the other.
    """
    scale = _SIDE / max(shape)
    size = max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))
    result = _ground(photo, size)
    colours = [*(colour for _, colour in keys), BOTH]
    for where, colour in zip(_areas(first, other, shape, size), colours, strict=True):
        result[where] = ImageColor.getrgb(colour)
    labels = [f"only {shorten(name, _LETTERS)}" for name, _ in keys]
    return _with_legend(
        result, list(zip([*labels, "both, as other classes"], colours, strict=True))
    )


def _ground(photo: Pixels | None, size: Shape) -> Pixels:
    """The photo in pale grey (h, w, 3), or paper."""
    if photo is None:
        return np.full((*size, 3), 240, np.uint8)
    small = Image.fromarray(photo).convert("L").resize(size[::-1], Image.Resampling.BILINEAR)
    grey = 170 + np.asarray(small, np.float32) * (80 / 255)
    return np.repeat(grey.round().astype(np.uint8)[..., None], 3, axis=-1)


def _areas(
    first: Mapping[str, Polygonal], other: Mapping[str, Polygonal], shape: Shape, size: Shape
) -> tuple[Flags, Flags, Flags]:
    """Pixels (h, w) where only the first has a class, only the other, and each another one."""
    lost, gained = np.zeros(size, bool), np.zeros(size, bool)
    for name in {*first, *other}:
        before, after = (_drawn(layer.get(name), shape, size) for layer in (first, other))
        lost |= before & ~after
        gained |= after & ~before
    return lost & ~gained, gained & ~lost, lost & gained


def _drawn(polygons: Polygonal | None, shape: Shape, size: Shape) -> Flags:
    if polygons is None or polygons.is_empty:
        return np.zeros(size, bool)
    shrink = Affine.scale(size[1] / shape[1], size[0] / shape[0])
    found = rasterio.features.rasterize([moved(polygons, shrink)], out_shape=size, dtype=np.uint8)
    return np.asarray(found, bool)


def _with_legend(pixels: Pixels, keys: Sequence[tuple[str, str]]) -> bytes:
    font = ImageFont.load_default(22)
    width = max(pixels.shape[1], _SIDE)
    canvas = Image.new("RGB", (width, pixels.shape[0] + _ROW * len(keys) + 8), _PAPER)
    canvas.paste(Image.fromarray(pixels), (0, 0))
    pen = ImageDraw.Draw(canvas)
    for row, (label, colour) in enumerate(keys):
        top = pixels.shape[0] + 10 + _ROW * row
        pen.rectangle((2, top, 24, top + 22), fill=colour)
        pen.text((36, top + 11), label, _INK, font, anchor="lm")
    data = io.BytesIO()
    canvas.quantize(64, dither=Image.Dither.NONE).save(data, "PNG", optimize=True)
    return data.getvalue()
