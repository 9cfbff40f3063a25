"""The sections ``tiles`` and ``features``: the working grid, and what a network sees."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from pipeline.config.base import Metres, Section
from pipeline.config.dataset import Name


class Tiles(Section):
    """The working grid on which masks are drawn, networks work and probabilities lie."""

    metres: Metres
    """Working resolution, metres per pixel."""


class NormalisedDifference(Section):
    """An index (a - b) / (a + b) of two bands, each written ``GROUP.band``."""

    name: Name
    a: str
    b: str


class Features(Section):
    """Input channels of the network, made from bands on the device that trains."""

    groups: tuple[Name, ...] = ()
    """Band groups to use; none named means all of the dataset."""
    indices: tuple[Literal["NDVI", "NDWI", "EVI", "SAVI", "CCCI"] | NormalisedDifference, ...] = ()
    """Spectral indices as extra channels."""
    bands: bool = True
    """Use the bands themselves, or their logarithms."""
    log: bool = False
    """Use the logarithm of the bands, under which illumination is an offset."""
    shape: bool = False
    """Add each band minus the mean of its group's bands: what is left without brightness."""
    contrast: tuple[Metres, ...] = ()
    """Add each band minus its local mean, once per side of the square in metres."""
    resampling: Literal["bilinear", "bicubic"] = "bilinear"
    """Interpolation of a group's pixels onto the working grid."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not (self.bands or self.shape or self.contrast or self.indices):
            raise ValueError("no channel is left; set bands: true, or name contrast or indices")
        sides = [f"{side:g}" for side in self.contrast]
        twice = sorted({side for side in sides if sides.count(side) > 1})
        if twice:
            raise ValueError(
                f"contrast: {', '.join(twice)} m stands there twice, but each side gives channels "
                "of its own name (6 digits); remove one"
            )
        return self
