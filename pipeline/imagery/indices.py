"""Spectral indices: ratios of bands that show plants, water and soil under any light.

All functions take reflectances as tensors of one shape and return a finite tensor of that shape
for any input: a denominator near zero gives 0, and results are limited to the range that
reflectances between 0 and 1 can reach, or to ``RATIO_LIMIT`` where that range has no end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

RATIO_LIMIT: Final = 4.0
_TINY: Final = 1e-6


def normalised_difference(a: Tensor, b: Tensor) -> Tensor:
    """(a - b) / (a + b), in [-1, 1]; 0 where both are 0."""
    return _ratio(a - b, a + b, 1.0)


def ndvi(nir: Tensor, red: Tensor) -> Tensor:
    """Normalised difference vegetation index, Rouse et al. 1974: (N - R) / (N + R)."""
    return normalised_difference(nir, red)


def ndwi(green: Tensor, nir: Tensor) -> Tensor:
    """Normalised difference water index, McFeeters 1996: (G - N) / (G + N)."""
    return normalised_difference(green, nir)


def evi(nir: Tensor, red: Tensor, blue: Tensor) -> Tensor:
    """Enhanced vegetation index, Huete et al. 2002: 2.5 (N - R) / (N + 6 R - 7.5 B + 1).

    The constants speak of reflectances from 0 to 1.
    """
    return _ratio(2.5 * (nir - red), nir + 6.0 * red - 7.5 * blue + 1.0, RATIO_LIMIT)


def savi(nir: Tensor, red: Tensor) -> Tensor:
    """Soil-adjusted vegetation index, Huete 1988: 1.5 (N - R) / (N + R + 0.5), in [-1.5, 1.5].

    The constants speak of reflectances from 0 to 1.
    """
    return _ratio(1.5 * (nir - red), nir + red + 0.5, 1.5)


def ccci(nir: Tensor, red_edge: Tensor, red: Tensor) -> Tensor:
    """Canopy chlorophyll content index, Barnes et al. 2000: NDRE / NDVI.

    NDRE is (N - RE) / (N + RE). Public code for this contest multiplies where the literature
    divides; this divides.
    """
    return _ratio(normalised_difference(nir, red_edge), ndvi(nir, red), RATIO_LIMIT)


FORMULAS: Final[dict[str, Callable[..., Tensor]]] = {
    "NDVI": ndvi,
    "NDWI": ndwi,
    "EVI": evi,
    "SAVI": savi,
    "CCCI": ccci,
}


def _ratio(over: Tensor, under: Tensor, limit: float) -> Tensor:
    """``over / under`` in [-limit, limit]; 0 where the denominator is tiny or nothing is known."""
    safe = under.abs() > _TINY
    ratio = over / torch.where(safe, under, torch.ones_like(under))
    ratio = torch.where(safe, ratio, torch.zeros_like(ratio))
    return torch.nan_to_num(ratio, nan=0.0).clamp(-limit, limit)
