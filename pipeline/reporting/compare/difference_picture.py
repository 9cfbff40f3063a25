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
from shapely import Polygon

from pipeline.imagery.transform import Shape
from pipeline.reporting.chart_style import shorten
from pipeline.reporting.picture import Picture as Pixels

_SIDE: Final = 480
_ROW: Final = 34
_LETTERS: Final = 26
_GREYS: Final = 48
"""Tones of grey in the palette; colours follow them, so that they stay what the legend says."""
_PALE: Final = 240
BOTH: Final = "#1f2328"
"""Colour of ground that both runs have, as different classes."""
Layers = Mapping[int, Sequence[Polygon]]
"""Polygons by code of a class, in pixels of the working grid."""
Flags = NDArray[np.bool_]


def difference_picture(
    photo: Pixels | None,
    shape: Shape,
    first: Layers,
    other: Layers,
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
    tones = _ground(photo, size)
    for place, where in enumerate(_areas(first, other, shape, size)):
        tones[where] = _GREYS + place
    colours = [*(colour for _, colour in keys), BOTH]
    labels = [*(f"only {shorten(name, _LETTERS)}" for name, _ in keys), "both, as other classes"]
    return _png(tones, colours, labels)


def _ground(photo: Pixels | None, size: Shape) -> Pixels:
    """The photo in pale greys (h, w), or all of one."""
    if photo is None:
        return np.full(size, _tone(_PALE), np.uint8)
    small = Image.fromarray(photo).convert("L").resize(size[::-1], Image.Resampling.BILINEAR)
    grey = 170 + np.asarray(small, np.float32) * (80 / 255)
    return np.round(grey * ((_GREYS - 1) / 255)).astype(np.uint8)


def _tone(grey: int) -> int:
    """Place of a grey from 0 to 255 in the palette."""
    return round(grey * (_GREYS - 1) / 255)


def _areas(first: Layers, other: Layers, shape: Shape, size: Shape) -> tuple[Flags, Flags, Flags]:
    """Pixels (h, w) where only the first has a class, only the other, and each another one."""
    lost, gained = np.zeros(size, bool), np.zeros(size, bool)
    for code in {*first, *other}:
        before, after = (_drawn(layer.get(code, ()), shape, size) for layer in (first, other))
        lost |= before & ~after
        gained |= after & ~before
    return lost & ~gained, gained & ~lost, lost & gained


def _drawn(polygons: Sequence[Polygon], shape: Shape, size: Shape) -> Flags:
    if not len(polygons):
        return np.zeros(size, bool)
    enlarge = Affine.scale(shape[1] / size[1], shape[0] / size[0])
    found = rasterio.features.rasterize(polygons, out_shape=size, transform=enlarge, dtype=np.uint8)
    return np.asarray(found, bool)


def _png(tones: Pixels, colours: Sequence[str], labels: Sequence[str]) -> bytes:
    """A PNG of places (h, w) in a palette of greys and these colours, and what these mean."""
    font = ImageFont.load_default(22)
    height = tones.shape[0] + _ROW * len(labels) + 8
    canvas = Image.new("L", (max(tones.shape[1], _SIDE), height), _GREYS - 1)
    pen = ImageDraw.Draw(canvas)
    for row, label in enumerate(labels):
        top = tones.shape[0] + 10 + _ROW * row
        pen.rectangle((2, top, 24, top + 22), fill=_GREYS + row)
        pen.text((36, top + 11), label, _tone(35), font, anchor="lm")
    canvas.paste(Image.fromarray(tones), (0, 0))
    canvas.putpalette(
        [
            *(level for place in range(_GREYS) for level in [place * 255 // (_GREYS - 1)] * 3),
            *(part for colour in colours for part in ImageColor.getrgb(colour)[:3]),
        ]
    )
    data = io.BytesIO()
    canvas.save(data, "PNG", optimize=True)
    return data.getvalue()
