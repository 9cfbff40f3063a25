"""Spectral indices of scenes on their working grids."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.config.dataset import BandGroupRow
from pipeline.config.rule_checks import rule_bands
from pipeline.config.rules import SpectralIndex
from pipeline.imagery.indices import FORMULAS, ndvi, normalised_difference
from pipeline.imagery.patches import Resampling, Window, cut_bands
from pipeline.imagery.tiles import TiledScene
from pipeline.mapping.prediction.coverage import predictable
from pipeline.mapping.prediction.paging import let_go


class Raster(Protocol):
    """Values (H, W) of an index, NaN where it is undefined, as an array is or as good as one."""

    def __getitem__(self, rows: slice, /) -> NDArray[np.float32]:
        """Rows (h, W)."""


IndexSource = Callable[[SpectralIndex], Raster]
"""From an index to its values."""
_TINY: Final = 1e-6
_ROWS: Final = 512
"""Rows that are computed in one go, whatever rows are asked for: the last bits of a resampled
number depend on the window that it is cut in."""
_HELD: Final = 1 << 24
"""Pixels of the largest scene whose values are all kept."""


def scene_indices(
    scene: TiledScene, groups: Sequence[BandGroupRow], resampling: Resampling = "bilinear"
) -> IndexSource:
    """The indices of a scene on its working grid, each computed once.

    Args:
        scene: Cached scene.
        groups: Band groups of the dataset that the scene's cache holds.
        resampling: Interpolation of coarse groups.
    """

    @cache
    def values(index: SpectralIndex) -> IndexRaster:
        return IndexRaster(scene, index, groups, resampling)

    return values


class IndexRaster:
    """An index on a scene's working grid, computed where it is looked at.

    Bands are resampled as for a network, then the index is computed from reflectances. It is
    undefined where a denominator is next to nothing, and where nothing is predicted.

    Args:
        scene: Cached scene.
        index: Name, or two bands.
        groups: Band groups of the dataset that the scene's cache holds.
        resampling: Interpolation of coarse groups.
    """

    def __init__(
        self,
        scene: TiledScene,
        index: SpectralIndex,
        groups: Sequence[BandGroupRow],
        resampling: Resampling = "bilinear",
    ) -> None:
        self._scene, self._index, self._groups = scene, index, groups
        self._resampling: Resampling = resampling
        held = None if scene.shape[0] * scene.shape[1] <= _HELD else 1
        self._piece = lru_cache(held)(self._computed)

    def __getitem__(self, rows: slice, /) -> NDArray[np.float32]:
        """Rows (h, W) float32, NaN where the index is undefined."""
        first, last, _ = rows.indices(self._scene.shape[0])
        firsts = range(first // _ROWS * _ROWS, last, _ROWS)
        pieces = [self._piece(start)[max(first - start, 0) : last - start] for start in firsts]
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def _computed(self, first: int) -> NDArray[np.float32]:
        """Values (h, W) of the rows from ``first`` on."""
        scene, rows = self._scene, {row.name: row for row in self._groups}
        window = Window(first, 0, min(_ROWS, scene.shape[0] - first), scene.shape[1])
        bands = [
            _band(scene, window, rows[name], band, self._resampling) / rows[name].scale
            for name, band in rule_bands(self._index, self._groups)
        ]
        formula, denominators = _formula(self._index)
        values = formula(*bands)
        for under in denominators(*bands):
            values[~(under.abs() > _TINY)] = torch.nan
        found: NDArray[np.float32] = values.numpy()
        found[~predictable(scene, slice(first, first + window.height))] = np.nan
        let_go(scene)
        return found


def _band(
    scene: TiledScene, window: Window, row: BandGroupRow, band: str, resampling: Resampling
) -> Tensor:
    """Numbers (h, w) of one band in a window, as in the file."""
    group = scene.groups[row.name]
    place = row.bands.index(band)
    alone = replace(group, pixels=group.pixels[place : place + 1])
    cut = cut_bands(replace(scene, groups={row.name: alone}), window, [row.name], resampling)
    return cut[0]


def _formula(
    index: SpectralIndex,
) -> tuple[Callable[..., Tensor], Callable[..., tuple[Tensor, ...]]]:
    """Formula of an index, and its denominators, of the same bands."""
    if not isinstance(index, str):
        return normalised_difference, lambda a, b: (a + b,)
    formula = ccci_product if index == "CCCI_product" else FORMULAS[index]
    return formula, _DENOMINATORS[index]


def ccci_product(nir: Tensor, red_edge: Tensor, red: Tensor) -> Tensor:
    """NDRE * NDVI: what public code for the contest calls CCCI, where the literature divides."""
    return normalised_difference(nir, red_edge) * ndvi(nir, red)


_DENOMINATORS: Final[Mapping[str, Callable[..., tuple[Tensor, ...]]]] = {
    "NDVI": lambda nir, red: (nir + red,),
    "NDWI": lambda green, nir: (green + nir,),
    "EVI": lambda nir, red, blue: (nir + 6.0 * red - 7.5 * blue + 1.0,),
    "SAVI": lambda nir, red: (nir + red + 0.5,),
    "CCCI": lambda nir, red_edge, red: (nir + red_edge, nir + red, ndvi(nir, red)),
    "CCCI_product": lambda nir, red_edge, red: (nir + red_edge, nir + red),
}
