"""Maps of the ground, one cell per FINE_STEP metres: what lies there, how high, how mixed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize

from pipeline.imagery.generated.materials import Mixture, mixtures
from pipeline.imagery.generated.objects import GroundObject, Layer
from pipeline.imagery.generated.place import MARGIN, Place
from pipeline.imagery.generated.season import Date
from pipeline.imagery.generated.texture import noise

Map = NDArray[np.float32]
FINE_STEP = 0.31
"""Metres per cell; the sensor blurs and averages the cells, which mixes pixels."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A place at a date as maps (H, W) that reach MARGIN metres past the scene.

    Attributes:
        index: int32 number of the object on top; 0 is the rough grass under all.
        height: float32 metres above ground.
        share: float32 share of the object's second material.
        brightness: float32 texture, a factor on reflectance.
        mixture: The materials of each object.
        objects: The objects, by index minus one.
    """

    index: NDArray[np.int32]
    height: Map
    share: Map
    brightness: Map
    mixture: Mixture
    objects: tuple[GroundObject, ...]


def render(place: Place, date: Date) -> Ground:
    """Maps of a place at a date."""
    shape = _shape(place)
    index = _index(date.objects, shape)
    mixture = mixtures(place, date)
    fine, medium, coarse = (noise(date.rng, shape, cell) for cell in (1, 5, 26))
    brightness = np.exp(mixture.tone)[index]
    for scale, field in enumerate((fine, medium, coarse)):
        brightness *= 1 + mixture.grain[:, scale][index] * field
    share = mixture.share[index] + mixture.patch[index] * (0.6 * coarse + 0.6 * medium)
    share += _furrows(date.objects, mixture, index)
    height = _height(date.objects, index)
    return Ground(
        index,
        height,
        np.clip(share, 0, 1).astype(np.float32),
        np.clip(brightness, 0.3, 2).astype(np.float32),
        mixture,
        date.objects,
    )


def _shape(place: Place) -> tuple[int, int]:
    width, height = (round((side + 2 * MARGIN) / FINE_STEP) for side in place.size)
    return height, width


def _index(objects: tuple[GroundObject, ...], shape: tuple[int, int]) -> NDArray[np.int32]:
    order = sorted(range(len(objects)), key=lambda number: objects[number].layer)
    to_metres = Affine.translation(-MARGIN, -MARGIN) @ Affine.scale(FINE_STEP)
    pairs = [(objects[number].shape, number + 1) for number in order]
    burnt = rasterize(pairs, out_shape=shape, transform=to_metres, dtype="int32")
    return np.asarray(burnt, dtype=np.int32)


def _height(objects: tuple[GroundObject, ...], index: NDArray[np.int32]) -> Map:
    """Flat tops, but for crowns, which are domes: height * sqrt(1 - 0.8 (r / R)^2)."""
    table = np.array([0.0] + [thing.height for thing in objects], dtype=np.float32)
    height = table[index]
    leafy = np.array([False] + [thing.layer in _DOMES for thing in objects])
    centres = [(thing.shape.centroid.x, thing.shape.centroid.y) for thing in objects]
    centre = np.array([(0.0, 0.0), *centres])
    radius = np.array([1.0] + [max(thing.shape.area, 0.01) / np.pi for thing in objects])
    rows, columns = np.nonzero(leafy[index])
    which = index[rows, columns]
    x = (columns + 0.5) * FINE_STEP - MARGIN - centre[which, 0]
    y = (rows + 0.5) * FINE_STEP - MARGIN - centre[which, 1]
    height[rows, columns] *= np.sqrt(np.clip(1 - 0.8 * (x**2 + y**2) / radius[which], 0.05, 1))
    return height


_DOMES = (Layer.CROWN, Layer.SHRUB)


def _furrows(objects: tuple[GroundObject, ...], mixture: Mixture, index: NDArray[np.int32]) -> Map:
    """Rows of soil between plants, and the tramlines that tractors leave."""
    share = np.zeros(index.shape, dtype=np.float32)
    angles = np.array([0.0] + [thing.angle for thing in objects])
    rows, columns = np.nonzero(mixture.furrow[index] > 0)
    which = index[rows, columns]
    across = (rows * np.cos(angles[which]) - columns * np.sin(angles[which])) * FINE_STEP
    wave = np.sin(2 * np.pi * across / mixture.spacing[which])
    tramline = np.cos(np.pi * across / (5.5 * mixture.spacing[which])) ** 2 > 0.985
    share[rows, columns] = mixture.furrow[which] * (wave + 1.2 * tramline)
    return share
