"""A scene as people see it: three bands, stretched."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.imagery.bit_field import seen
from pipeline.imagery.tiles import TiledScene, TileGroup
from pipeline.imagery.transform import moved_points

_LARGEST = 1024
_STRETCH = (1.0, 99.0)
_GAMMA = 0.8
Picture = NDArray[np.uint8]


def colour_picture(scene: TiledScene) -> Picture:
    """Colour picture of a scene, (h, w, 3) uint8, at most 1024 pixels on its longer side.

    From the finest group of three bands or more: all of a group of three in their order; of a
    larger group three spread over its range with the last in red, so that what is bright at long
    wavelengths looks red. A scene without such a group is grey.
    """
    group = _group(scene)
    bands = _bands(len(group.pixels))
    step = max(1, max(group.pixels.shape[1:]) // _LARGEST)
    pixels, there = group.pixels[:, ::step, ::step], _there(scene, group, step)
    native = np.stack([stretched(pixels[band], there) for band in bands], axis=-1)
    scale = min(1.0, _LARGEST / max(scene.shape))
    size = max(1, round(scene.shape[1] * scale)), max(1, round(scene.shape[0] * scale))
    to_native = ~group.to_working
    a, b, c, d, e, f = to_native[:6]
    matrix = (a / scale, b / scale, c, d / scale, e / scale, f)
    image = Image.fromarray(native).transform(
        size,
        Image.Transform.AFFINE,
        tuple(value / step for value in matrix),
        Image.Resampling.BICUBIC,
    )
    return np.asarray(image)


def _group(scene: TiledScene) -> TileGroup:
    """The finest group with three bands, or the finest of all."""
    groups = list(scene.groups.values())
    coloured = [group for group in groups if len(group.pixels) >= 3] or groups
    return max(coloured, key=lambda group: group.pixels.shape[1])


def _bands(count: int) -> tuple[int, int, int]:
    """Positions of the bands shown in red, green and blue."""
    if count < 3:
        return 0, 0, 0
    if count == 3:
        return 0, 1, 2
    return count - 1 - count // 8, count // 2, count // 8


def _there(scene: TiledScene, group: TileGroup, step: int) -> NDArray[np.bool_] | None:
    """Which of every ``step``-th pixels of a group have data, (h, w); None if nothing tells."""
    if scene.mask.shape != scene.shape:  # a part of a scene, seen from nearer by
        return None
    height, width = group.pixels.shape[1:]
    columns, rows = np.meshgrid(np.arange(0, width, step) + 0.5, np.arange(0, height, step) + 0.5)
    centres = np.column_stack((columns.ravel(), rows.ravel()))
    places = np.floor(moved_points(centres, group.to_working)).astype(np.int64)
    x, y = places.T.reshape(2, *columns.shape)
    inside = (x >= 0) & (x < scene.shape[1]) & (y >= 0) & (y < scene.shape[0])
    there = np.ones(inside.shape, np.bool_)
    there[inside] = seen(scene.mask[y[inside], x[inside]], scene.classes)
    return there


def stretched(band: NDArray[Any], there: NDArray[np.bool_] | None = None) -> Picture:
    """A band (h, w) as bytes: its darkest and brightest hundredth are black and white.

    Args:
        band: Values; those that are 0 or no number are black and don't count.
        there: (h, w), which pixels have data; the others are black and don't count either.
    """
    values = band.astype(np.float32)
    known = np.isfinite(values) & (values != 0)
    if there is not None:
        known &= there
    if not known.any():
        return np.zeros(band.shape, np.uint8)
    low, high = np.percentile(values[known], _STRETCH)
    unit = np.clip((values - low) / max(float(high - low), 1e-6), 0, 1) ** _GAMMA
    if there is not None:
        unit[~there] = 0
    return np.asarray(np.nan_to_num(unit) * 255, np.uint8)
