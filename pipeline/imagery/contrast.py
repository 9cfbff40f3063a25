"""Local contrast: what a pixel is beside its surroundings, whatever the light over the scene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import pad

DARK: Final = 1e-3
"""Reflectance added before a logarithm, so that noise in deep shadow does not explode."""


@dataclass(frozen=True)
class Contrast:
    """Bands minus their local means, made at a group's own resolution, where that is cheap.

    Limitation: the means know of no validity. Pixels without data (``scenes.nodata``, zeros in most
    files) count in them with their number, so a valid pixel nearer to such ground than half a side
    has a contrast that is too high, with the logarithm by far.

    Attributes:
        sides: Sides of the squares whose means are taken, metres.
        log: Whether to use the logarithm of the bands.
    """

    sides: tuple[float, ...]
    log: bool

    def radii(self, metres: float) -> tuple[int, ...]:
        """Pixels on each side of the centre, for pixels of so many metres."""
        return tuple(max(1, round((side / metres - 1) / 2)) for side in self.sides)

    def __call__(self, bands: Tensor, scale: float, metres: float) -> Tensor:
        """Contrasts of one group.

        Args:
            bands: (C, h, w) float32, numbers as in the file.
            scale: Number that means reflectance 1.
            metres: Metres per pixel.

        Returns:
            (S * C, h, w) float32, for each of S sides all bands.
        """
        base = logarithm(bands, scale) if self.log else bands
        return torch.cat([base - box_mean(base, radius) for radius in self.radii(metres)])


def logarithm(bands: Tensor, scale: float) -> Tensor:
    """Logarithm of reflectance, guarded against numbers below zero."""
    return (bands * (1 / scale)).clamp_(min=0).add_(DARK).log_()


def box_mean(values: Tensor, radius: int) -> Tensor:
    """Mean over a square of 2 radius + 1 pixels, edges repeated; its cost does not grow with it.

    Args:
        values: (..., C, h, w) float32.
        radius: Pixels on each side of the centre.
    """
    middle = values.mean((-2, -1), keepdim=True)  # keeps the running sums small, hence exact
    padded = pad(values - middle, (radius,) * 4, mode="replicate")
    for axis in (-1, -2):
        padded = _running_mean(padded, 2 * radius + 1, axis)
    return padded + middle


def _running_mean(values: Tensor, count: int, axis: int) -> Tensor:
    """Means of ``count`` neighbours along an axis, at all places that have them."""
    length = values.shape[axis] - count
    sums = values.cumsum(axis)
    means = sums.narrow(axis, count - 1, length + 1).clone()
    means.narrow(axis, 1, length).sub_(sums.narrow(axis, 0, length))
    return means.div_(count)
