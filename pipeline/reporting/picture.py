"""A scene as people see it: three bands, stretched."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.imagery.tiles import TiledScene, TileGroup

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
    native = np.stack([stretched(group.pixels[band, ::step, ::step]) for band in bands], axis=-1)
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


def stretched(band: NDArray[Any]) -> Picture:
    """A band (h, w) as bytes: its darkest and brightest hundredth are black and white."""
    values = band.astype(np.float32)
    there = values[np.isfinite(values) & (values != 0)]
    if not there.size:
        return np.zeros(band.shape, np.uint8)
    low, high = np.percentile(there, _STRETCH)
    unit = np.clip((values - low) / max(float(high - low), 1e-6), 0, 1) ** _GAMMA
    return np.asarray(np.nan_to_num(unit) * 255, np.uint8)
