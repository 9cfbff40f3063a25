"""``index``: a spectral index as another source of a class, and its values on the working grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.config.dataset import BandGroupRow
from pipeline.config.rule_checks import rule_bands
from pipeline.config.rules import IndexRow, SpectralIndex
from pipeline.imagery.indices import FORMULAS, ndvi, normalised_difference
from pipeline.imagery.patches import Resampling, cut_bands, whole
from pipeline.imagery.tiles import TiledScene
from pipeline.mapping.prediction.coverage import predictable
from pipeline.mapping.tracing.corners import Mask

IndexSource = Callable[[SpectralIndex], NDArray[np.float32]]
"""From an index to its values (H, W), NaN where it is undefined."""
_TINY: Final = 1e-6


def from_index(
    masks: Mapping[int, Mask], row: IndexRow, answered: Mask, index: IndexSource
) -> dict[int, Mask]:
    """A class as the index finds it.

    Args:
        masks: (H, W) of every class, by code.
        row: The rule.
        answered: (H, W); nothing is found where there is no answer.
        index: Values of indices.

    Returns:
        (H, W) of ``row.of``, by code.
    """
    values = index(row.index)
    found = answered & ~np.isnan(values)
    if row.above is not None:
        found &= values > row.above
    if row.below is not None:
        found &= values < row.below
    mask = masks[row.of]
    return {row.of: {"replace": found, "add": mask | found, "within": mask & found}[row.how]}


def scene_indices(
    scene: TiledScene, groups: Sequence[BandGroupRow], resampling: Resampling = "bilinear"
) -> IndexSource:
    """The indices of a scene on its working grid, each computed once.

    Bands are resampled as for a network, then the index is computed from reflectances. It is
    undefined where a denominator is next to nothing, and where nothing is predicted.

    Args:
        scene: Cached scene.
        groups: Band groups of the dataset that the scene's cache holds.
        resampling: Interpolation of coarse groups.
    """

    @cache
    def values(index: SpectralIndex) -> NDArray[np.float32]:
        return index_raster(scene, index, groups, resampling)

    return values


def index_raster(
    scene: TiledScene,
    index: SpectralIndex,
    groups: Sequence[BandGroupRow],
    resampling: Resampling = "bilinear",
) -> NDArray[np.float32]:
    """Values (H, W) float32 of an index on a scene's working grid, NaN where it is undefined.

    Args:
        scene: Cached scene.
        index: Name, or two bands.
        groups: Band groups of the dataset that the scene's cache holds.
        resampling: Interpolation of coarse groups.
    """
    rows = {row.name: row for row in groups}
    bands = [
        _band(scene, rows[name], band, resampling) / rows[name].scale
        for name, band in rule_bands(index, groups)
    ]
    formula, denominators = _formula(index)
    values = formula(*bands)
    for under in denominators(*bands):
        values[~(under.abs() > _TINY)] = torch.nan
    found: NDArray[np.float32] = values.numpy()
    found[~predictable(scene)] = np.nan
    return found


def _band(scene: TiledScene, row: BandGroupRow, band: str, resampling: Resampling) -> Tensor:
    """Numbers (H, W) of one band, as in the file."""
    group = scene.groups[row.name]
    place = row.bands.index(band)
    alone = replace(group, pixels=group.pixels[place : place + 1])
    cut = cut_bands(replace(scene, groups={row.name: alone}), whole(scene), [row.name], resampling)
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
