"""Sunlight: cast shadows, the fall of roofs and crowns, and the sky's own light."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pipeline.imagery.generated.ground import FINE_STEP, Ground, Map
from pipeline.imagery.generated.objects import Layer
from pipeline.imagery.generated.season import Date
from pipeline.imagery.generated.spectra import WAVELENGTHS


def direct_light(ground: Ground, date: Date) -> Map:
    """Direct sunlight (H, W) float32 relative to that on flat open ground, which is 1."""
    lit = _fall(ground, date)
    lit *= 1 - _shadows(ground.height, date.azimuth, date.elevation)
    return lit


def diffuse_share() -> NDArray[np.float32]:
    """Share (16,) of skylight in the light on open ground, falling with wavelength.

    A clear sky's 0.32 at 425 nm and the power -1.7 are fitted by eye to the diffuse-to-global
    ratio of the ASTM G173 reference spectra.
    """
    ratio = np.array(WAVELENGTHS, dtype=np.float64) / WAVELENGTHS[0]
    return np.asarray(0.32 * ratio**-1.7, dtype=np.float32)


def _fall(ground: Ground, date: Date) -> Map:
    """Lambert's cosine on a slope, over that on flat ground.

    cos(i) / sin(elevation) = cos(s) + sin(s) cot(elevation) cos(azimuth - fall).
    """
    cot = 1 / math.tan(date.elevation)
    slope = np.arctan([0.0] + [thing.slope for thing in ground.objects])
    angle = np.array([0.0] + [thing.angle for thing in ground.objects])
    table = np.cos(slope) + np.sin(slope) * cot * np.cos(date.azimuth - angle)
    lit = table.astype(np.float32)[ground.index]
    leafy = np.array([False] + [thing.layer in _LEAFY for thing in ground.objects])[ground.index]
    down, right = np.gradient(gaussian_filter(ground.height, 1.0), FINE_STEP)
    rise = -(right * math.cos(date.azimuth) + down * math.sin(date.azimuth))
    # Leaves let light through: half of what a solid dome of that slope would show.
    lit[leafy] = np.clip(1 + 0.5 * cot * rise[leafy], 0.45, 1.5)
    return np.clip(lit, 0.1, 2)


_LEAFY = (Layer.CROWN, Layer.SHRUB)


def _shadows(height: Map, azimuth: float, elevation: float) -> Map:
    """Share of the sun's disc hidden, by walking towards the sun from every cell at once."""
    rise = math.tan(elevation) * FINE_STEP
    steps = math.ceil(float(height.max(initial=0)) / rise)
    beyond = np.zeros_like(height)
    for step in range(1, steps + 1):
        seen = _looked_up(height, step * math.cos(azimuth), step * math.sin(azimuth))
        np.maximum(beyond, seen - step * rise, out=beyond)
    hidden = np.clip((beyond - height - 0.15) / 0.3, 0, 1)
    return np.asarray(gaussian_filter(hidden, 0.7), dtype=np.float32)


def _looked_up(height: Map, right: float, down: float) -> Map:
    """Map moved so that each cell holds what lies so many cells away; zero past the edge."""
    columns, rows = round(right), round(down)
    moved = np.zeros_like(height)
    high, wide = height.shape
    source = height[max(rows, 0) : high + min(rows, 0), max(columns, 0) : wide + min(columns, 0)]
    moved[
        max(-rows, 0) : max(-rows, 0) + source.shape[0],
        max(-columns, 0) : max(-columns, 0) + source.shape[1],
    ] = source
    return moved
