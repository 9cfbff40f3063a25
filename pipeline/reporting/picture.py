"""A scene as people see it: three bands, stretched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from PIL import Image

from pipeline.imagery.bit_field import seen
from pipeline.imagery.tiles import TiledScene, TileGroup
from pipeline.imagery.transform import Shape, moved_points

_LARGEST = 1024
_SAMPLES = 3
"""Pixels of a side that a pixel of the picture is the mean of, at most; between them some are
skipped where a scene has more."""
_STRETCH = (1.0, 99.0)
_GAMMA = 0.8
Picture = NDArray[np.uint8]
BandPlace = tuple[str, int]
"""Group of a scene, and position of a band there."""


def colour_picture(scene: TiledScene) -> Picture:
    """Colour picture of a scene, (h, w, 3) uint8, at most 1024 pixels on its longer side.

    From the finest group of three bands or more: all of a group of three in their order; of a
    larger group three spread over its range with the last in red, so that what is bright at long
    wavelengths looks red. A scene without such a group is grey.
    """
    group = _group(scene)
    bands = [(group.name, band) for band in spread_bands(len(group.pixels))]
    return drawn_bands(scene, bands, fitting(scene.shape, min(_LARGEST, max(scene.shape))))


def fitting(shape: Shape, longer: int) -> Shape:
    """Height and width of a picture of a scene (H, W) by its longer side."""
    scale = longer / max(shape)
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def drawn_bands(scene: TiledScene, bands: Sequence[BandPlace], size: Shape) -> Picture:
    """Bands of a scene, each stretched by itself, as a picture (h, w, bands) uint8.

    The picture's edges are those of the working grid, so that polygons on the grid lie where they
    belong.

    Args:
        scene: The scene.
        bands: Which bands.
        size: (h, w) of the picture.
    """
    coarse = {name: _coarse(scene, scene.groups[name], size) for name, _ in bands}
    to_grid = Affine.scale(scene.shape[1] / size[1], scene.shape[0] / size[0])
    planes = []
    for name, band in bands:
        grid = coarse[name]
        plane = stretched(grid.read(scene.groups[name].pixels[band]), grid.there)
        matrix = ~grid.to_working @ to_grid
        image = Image.fromarray(plane).transform(
            (size[1], size[0]),
            Image.Transform.AFFINE,
            tuple(matrix[:6]),
            Image.Resampling.BICUBIC,
        )
        planes.append(np.asarray(image))
    return np.stack(planes, axis=-1)


def spread_bands(count: int) -> tuple[int, int, int]:
    """Positions among so many bands of those shown in red, green and blue."""
    if count < 3:
        return 0, 0, 0
    if count == 3:
        return 0, 1, 2
    return count - 1 - count // 8, count // 2, count // 8


def _group(scene: TiledScene) -> TileGroup:
    """The finest group with three bands, or the finest of all."""
    groups = list(scene.groups.values())
    coloured = [group for group in groups if len(group.pixels) >= 3] or groups
    return max(coloured, key=lambda group: group.pixels.shape[1])


@dataclass(frozen=True)
class _Coarse:
    """A group seen at about the picture's resolution.

    Attributes:
        stride: Every so many pixels one is read.
        block: Means are of so many of these, in both directions.
        to_working: Edges of the blocks to pixel edges of the working grid.
        there: (h, w) of the blocks, those with data; None if nothing tells.
    """

    stride: int
    block: int
    to_working: Affine
    there: NDArray[np.bool_] | None

    def read(self, band: NDArray[Any]) -> NDArray[np.float32]:
        """Means (h, w) of a band (H_g, W_g), without pixels that are 0 or no number."""
        first = self.stride // 2
        values = np.asarray(band[first :: self.stride, first :: self.stride], np.float32)
        if self.block == 1:
            return values
        known = (np.isfinite(values) & (values != 0)).astype(np.float32)
        sums, counts = self._summed(np.where(known > 0, values, 0)), self._summed(known)
        return np.asarray(sums / np.maximum(counts, 1), np.float32)

    def _summed(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Sums of blocks; those at the lower and right edge may be smaller."""
        for axis in (0, 1):
            starts = np.arange(0, values.shape[axis], self.block)
            values = np.add.reduceat(values, starts, axis=axis)
        return values


def _coarse(scene: TiledScene, group: TileGroup, size: Shape) -> _Coarse:
    """How a group is read for a picture (h, w)."""
    height, width = group.pixels.shape[1:]
    shrink = max(1.0, min(height / size[0], width / size[1]))
    stride = max(1, int(shrink // _SAMPLES))
    block = max(1, int(shrink // stride))
    # A sample stands for the stride around it; of an even one it lies half a pixel off the middle.
    off = stride // 2 + 0.5 - stride / 2
    to_working = group.to_working @ Affine.translation(off, off) @ Affine.scale(stride * block)
    shape = tuple(-(-len(range(stride // 2, side, stride)) // block) for side in (height, width))
    return _Coarse(stride, block, to_working, _there(scene, to_working, (shape[0], shape[1])))


def _there(scene: TiledScene, to_working: Affine, shape: Shape) -> NDArray[np.bool_] | None:
    """Which pixels (h, w) of a grid have data in their middle; None if nothing tells."""
    if scene.mask.shape != scene.shape:  # a part of a scene, seen from nearer by
        return None
    columns, rows = np.meshgrid(np.arange(shape[1]) + 0.5, np.arange(shape[0]) + 0.5)
    centres = np.column_stack((columns.ravel(), rows.ravel()))
    places = np.floor(moved_points(centres, to_working)).astype(np.int64)
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
