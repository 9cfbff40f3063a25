"""A WorldView-3-like sensor: four band groups, each with its own grid, blur, shift and noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize
from scipy import sparse
from scipy.special import ndtr
from shapely.geometry import Polygon

from pipeline.imagery.generated.ground import FINE_STEP, Ground, Map
from pipeline.imagery.generated.light import diffuse_share, direct_light
from pipeline.imagery.generated.place import MARGIN, Place, unseen
from pipeline.imagery.generated.season import Date
from pipeline.imagery.generated.spectra import (
    A_BANDS,
    M_BANDS,
    P_WEIGHTS,
    RGB_BANDS,
    WAVELENGTHS,
)

Image = NDArray[np.uint16]
_BLUR = 0.42
"""Standard deviation of the point spread, in pixels of the group."""


@dataclass(frozen=True, slots=True)
class Group:
    """A band group: metres per pixel, bits, counts per reflectance, noise, shift.

    ``noise`` is (counts always there, counts per square root of the signal). ``shift`` bounds the
    shift against RGB in metres.
    """

    name: str
    step: float
    bits: int
    gain: float
    noise: tuple[float, float]
    shift: float
    bands: tuple[dict[int, float], ...]


GROUPS = (
    Group("RGB", 0.31, 11, 1900.0, (5.0, 0.25), 0.0, tuple({band: 1.0} for band in RGB_BANDS)),
    Group("P", 0.31, 11, 1800.0, (4.0, 0.2), 0.06, (P_WEIGHTS,)),
    Group("M", 1.24, 11, 1900.0, (3.0, 0.15), 1.1, tuple({band: 1.0} for band in M_BANDS)),
    Group("A", 7.5, 14, 14000.0, (12.0, 0.3), 2.2, tuple({band: 1.0} for band in A_BANDS)),
)


@dataclass(frozen=True, slots=True)
class Exposure:
    """How one scene was taken.

    Attributes:
        shapes: (H, W) of each group, in the order of GROUPS.
        shifts: (right, down) in metres of each group's ground against where it should lie.
        gain: (16,) factor of each band.
        haze: (16,) path reflectance of each band.
    """

    shapes: tuple[tuple[int, int], ...]
    shifts: tuple[tuple[float, float], ...]
    gain: NDArray[np.float64]
    haze: NDArray[np.float64]


def expose(place: Place, date: Date) -> Exposure:
    """Draw how a scene is taken; sizes differ by a few pixels from group to group and twin."""
    rng = date.rng
    shapes, shifts = [], []
    for group in GROUPS:
        wide, high = (max(2, round(side / group.step)) for side in place.size)
        slack = int(rng.integers(-1, 2)) if group.step < 2 else 0
        shapes.append((high + slack, wide - slack))
        right, down = rng.uniform(-group.shift, group.shift, 2)
        shifts.append((float(right), float(down)))
    shapes[1] = shapes[0]
    wavelengths = np.array(WAVELENGTHS, dtype=np.float64)
    haze = rng.uniform(0.012, 0.04) * (480 / wavelengths) ** rng.uniform(2.2, 3.6)
    gain = np.exp(rng.normal(0, 0.1) + rng.normal(0, 0.02, len(WAVELENGTHS)))
    return Exposure(tuple(shapes), tuple(shifts), gain, haze)


def take(place: Place, date: Date, ground: Ground) -> dict[str, Image]:
    """Images (C, H, W) uint16 of a scene by group name: RGB, P, M, A."""
    exposure = expose(place, date)
    light, diffuse = direct_light(ground, date), diffuse_share()
    sums = [
        np.zeros((len(group.bands), *shape), dtype=np.float32)
        for group, shape in zip(GROUPS, exposure.shapes, strict=True)
    ]
    grids = [
        _grid(ground.index.shape, place.size, shape, shift)
        for shape, shift in zip(exposure.shapes, exposure.shifts, strict=True)
    ]
    for band in range(len(WAVELENGTHS)):
        seen = _radiance(ground, light, band, float(diffuse[band]))
        seen = seen * exposure.gain[band].astype(np.float32) + np.float32(exposure.haze[band])
        for group, grid, total in zip(GROUPS, grids, sums, strict=True):
            _add(seen, group, grid, total, band)
    corner = unseen(place)
    return {
        group.name: _blanked(_counted(date, group, total), corner, place)
        for group, total in zip(GROUPS, sums, strict=True)
    }


def _blanked(image: Image, corner: Polygon, place: Place) -> Image:
    """Image with zero, the value of no data, in every pixel that the corner touches."""
    if corner.is_empty:
        return image
    height, width = image.shape[1:]
    metres = Affine.scale(place.size[0] / width, place.size[1] / height)
    touched = rasterize([corner], (height, width), transform=metres, all_touched=True)
    return np.where(touched > 0, 0, image).astype(np.uint16)


def _radiance(ground: Ground, light: Map, band: int, diffuse: float) -> Map:
    """Reflected light (H, W) float32 of one band, 1 for white flat open ground."""
    base = ground.mixture.base[:, band].astype(np.float32)[ground.index]
    other = ground.mixture.other[:, band].astype(np.float32)[ground.index]
    colour = base + (other - base) * ground.share
    lit = light * np.float32(1 - diffuse) + np.float32(diffuse)
    return np.asarray(colour * ground.brightness * lit, dtype=np.float32)


Grid = tuple[sparse.csr_array, sparse.csr_array]


def _grid(
    fine: tuple[int, ...],
    size: tuple[float, float],
    shape: tuple[int, int],
    shift: tuple[float, float],
) -> Grid:
    """Weights (rows, columns) that average fine cells over the pixels of a group."""
    rows = _weights(fine[0], shape[0], size[1], shift[1])
    columns = _weights(fine[1], shape[1], size[0], shift[0])
    return rows, columns


def _weights(cells: int, pixels: int, length: float, shift: float) -> sparse.csr_array:
    """Weights (pixels, cells): a pixel's box blurred by the point spread, rows summing to 1."""
    step = length / pixels
    reach = 3 * _BLUR * step
    starts = np.arange(pixels) * step - shift
    first = np.floor((starts - reach + MARGIN) / FINE_STEP).astype(int)
    columns = first[:, None] + np.arange(int((step + 2 * reach) / FINE_STEP) + 2)
    columns = np.clip(columns, 0, cells - 1)
    past = (columns + 0.5) * FINE_STEP - MARGIN - starts[:, None]
    weights = ndtr(past / (_BLUR * step)) - ndtr((past - step) / (_BLUR * step))
    weights /= weights.sum(axis=1, keepdims=True)
    rows = np.repeat(np.arange(pixels), columns.shape[1])
    cell_weights = (weights.astype(np.float32).ravel(), (rows, columns.ravel()))
    return sparse.csr_array(cell_weights, shape=(pixels, cells))


def _add(seen: Map, group: Group, grid: Grid, total: NDArray[np.float32], band: int) -> None:
    """Add what a group sees of one band to those of its channels that hold the band."""
    channels = [channel for channel, parts in enumerate(group.bands) if band in parts]
    if not channels:
        return
    rows, columns = grid
    image = (columns @ (rows @ seen).T).T
    for channel in channels:
        total[channel] += group.bands[channel][band] * image


def _counted(date: Date, group: Group, total: NDArray[np.float32]) -> Image:
    """Counts with noise; zero is kept for no data."""
    signal = total * np.float32(group.gain)
    fixed, growing = (np.float32(part) for part in group.noise)
    spread = np.sqrt(fixed**2 + growing**2 * signal)
    counts = signal + spread * date.rng.standard_normal(signal.shape, dtype=np.float32)
    return np.asarray(np.clip(np.rint(counts), 1, 2**group.bits - 1), dtype=np.uint16)
