"""A picture of what a run found: scenes beside their predicted and true polygons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import rasterio.features
import shapely
from affine import Affine
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw, ImageFont
from shapely.geometry.base import BaseGeometry

from pipeline.config.dataset import ClassRow
from pipeline.imagery.transform import Shape, moved

_PANEL = 420
_GAP = 16
_MARGIN = 28
_CAPTION = 30
_LEGEND_ROW = 30
_LEGEND_COLUMN = 300
_SUPERSAMPLE = 3
_OPACITY = 0.88
_INK = "#2b2b2b"
_FAINT = "#7a7a7a"
_PAPER = "#ffffff"
Rgb = NDArray[np.float32]


@dataclass(frozen=True)
class SceneView:
    """One scene to be shown.

    Attributes:
        name: What is written above it.
        picture: (h, w, 3) uint8, of the whole scene at any resolution.
        shape: (H, W) of the working grid.
        predicted: Polygons by class code, in pixels of the working grid.
        truth: The true ones, or None where they are not known.
    """

    name: str
    picture: NDArray[np.uint8]
    shape: Shape
    predicted: Mapping[int, BaseGeometry]
    truth: Mapping[int, BaseGeometry] | None


def draw_overview(views: Sequence[SceneView], classes: Sequence[ClassRow]) -> Image.Image:
    """Draw scenes one below the other, and the classes' colours.

    Args:
        views: Scenes, one or more.
        classes: Names and colours.
    """
    columns = 3 if any(view.truth is not None for view in views) else 2
    sizes = [_panel_size(view.shape) for view in views]
    column = max(width for width, _ in sizes)
    width = 2 * _MARGIN + columns * column + (columns - 1) * _GAP
    legend_columns = max(1, (width - 2 * _MARGIN) // _LEGEND_COLUMN)
    legend_rows = -(-len(classes) // legend_columns)
    height = 2 * _MARGIN + sum(size[1] + _CAPTION + _GAP for size in sizes)
    height += legend_rows * _LEGEND_ROW
    canvas = Image.new("RGB", (width, height), _PAPER)
    pen = ImageDraw.Draw(canvas)
    top = _MARGIN
    for view, size in zip(views, sizes, strict=True):
        for index, (caption, panel) in enumerate(_panels(view, size, classes)):
            left = _MARGIN + index * (column + _GAP)
            pen.text((left, top), caption, _INK if index == 0 else _FAINT, _font(16))
            canvas.paste(panel, (left, top + _CAPTION))
        top += size[1] + _CAPTION + _GAP
    _legend(pen, classes, top + _GAP // 2, legend_columns, (width - 2 * _MARGIN) // legend_columns)
    return canvas


def _panel_size(shape: Shape) -> tuple[int, int]:
    """Width and height of a panel: the longer side always the same."""
    scale = _PANEL / max(shape)
    return max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale))


def _panels(
    view: SceneView, size: tuple[int, int], classes: Sequence[ClassRow]
) -> list[tuple[str, Image.Image]]:
    photo = Image.fromarray(view.picture).resize(size, Image.Resampling.LANCZOS)
    order = _back_to_front(view, classes)
    ground = _faded(photo)
    panels = [(view.name, photo), ("predicted", _map(view.predicted, view.shape, ground, order))]
    if view.truth is not None:
        panels.append(("true", _map(view.truth, view.shape, ground, order)))
    return panels


def _back_to_front(view: SceneView, classes: Sequence[ClassRow]) -> list[ClassRow]:
    """Classes by the area they cover, largest first, so that small objects lie on top."""

    def area(row: ClassRow) -> float:
        layers = [layer for layer in (view.predicted, view.truth) if layer]
        return sum(float(shapely.area(layer[row.code])) for layer in layers if row.code in layer)

    return sorted(classes, key=area, reverse=True)


def _faded(photo: Image.Image) -> Rgb:
    """The photo as a pale grey ground, (h, w, 3) in 0 to 255."""
    grey = np.asarray(photo.convert("L"), np.float32)[..., None]
    return np.repeat(205 + grey * (45 / 255), 3, axis=-1)


def _map(
    layer: Mapping[int, BaseGeometry], shape: Shape, ground: Rgb, order: Sequence[ClassRow]
) -> Image.Image:
    """Polygons in their classes' colours on the ground, edges smoothed."""
    result = ground.copy()
    for row in order:
        if row.code in layer and not layer[row.code].is_empty:
            cover = _OPACITY * _coverage(layer[row.code], shape, ground.shape[:2])[..., None]
            colour = np.array(ImageColor.getrgb(row.colour), np.float32)
            result += cover * (colour - result)
    return Image.fromarray(result.round().astype(np.uint8))


def _coverage(geometry: BaseGeometry, shape: Shape, size: tuple[int, ...]) -> Rgb:
    """Share of each pixel of the panel (h, w) that a geometry covers."""
    height, width = size[0] * _SUPERSAMPLE, size[1] * _SUPERSAMPLE
    enlarge = Affine.scale(width / shape[1], height / shape[0])
    fine = rasterio.features.rasterize(
        [moved(geometry, enlarge)], out_shape=(height, width), dtype=np.uint8
    )
    blocks = fine.reshape(size[0], _SUPERSAMPLE, size[1], _SUPERSAMPLE)
    cover: Rgb = blocks.mean(axis=(1, 3), dtype=np.float32)
    return cover


def _legend(
    pen: ImageDraw.ImageDraw, classes: Sequence[ClassRow], top: int, columns: int, step: int
) -> None:
    for index, row in enumerate(classes):
        left = _MARGIN + index % columns * step
        upper = top + index // columns * _LEGEND_ROW
        pen.rounded_rectangle((left, upper, left + 26, upper + 16), radius=3, fill=row.colour)
        pen.text((left + 36, upper - 1), f"{row.code} {row.name}", _INK, _font(14))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
