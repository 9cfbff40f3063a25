"""What the numbers of bands say: how large reflectance 1 is, and which bands show no light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

FILLS: Final = (-9999.0, -32768.0, -3.4028234663852886e38)
"""Values that usually mark pixels without data."""
_CODES: Final = 256
"""A band of numbers of 16 bits or more with fewer different ones holds codes or shares."""
_MANY: Final = 1000
_BETWEEN: Final = 20.0
"""Light differs within a scene about as much as between scenes; heights differ between them."""
_FEWEST_SCENES: Final = 5
_EIGHT_BITS: Final = 255
_FINE: Final = 1.5
"""Metres: finer images are seldom delivered as reflectance x 10000."""
_MOST_REFLECTANCE: Final = 20_000


@dataclass(frozen=True)
class BandValues:
    """Numbers of one band over the sampled scenes.

    Attributes:
        low: Its 1st percentile, pixels without data left out.
        high: Its 99th percentile, likewise.
        top: Its largest number.
        distinct: How many different numbers were seen.
        fill: A value that usually marks missing data, if it was seen.
        between: Variance of the scenes' means in units of the mean variance within a scene; 0 of
            few scenes.
    """

    low: float
    high: float
    top: float
    distinct: int
    fill: float | None
    between: float


def band_values(samples: Sequence[NDArray[Any]]) -> tuple[BandValues, ...]:
    """Numbers of each band.

    Args:
        samples: Per scene (C, n) pixels.
    """
    filled = [one for one in samples if one.shape[1]]
    return tuple(_of_band([one[place] for one in filled]) for place in range(len(filled[0])))


def _of_band(rows: Sequence[NDArray[Any]]) -> BandValues:
    every = np.concatenate(rows).astype(np.float64)
    every = every[np.isfinite(every)]
    fill = next((value for value in FILLS if (every == value).any()), None)
    known = every[every != fill] if fill is not None else every
    if not len(known):
        return BandValues(0, 0, 0, 0, fill, 0)
    low, high = np.percentile(known, (1, 99))
    return BandValues(
        low=float(low),
        high=float(high),
        top=float(known.max()),
        distinct=len(np.unique(every)),
        fill=fill,
        between=_between(rows, fill),
    )


def _between(rows: Sequence[NDArray[Any]], fill: float | None) -> float:
    """See :class:`BandValues`."""
    scenes = [row[np.isfinite(row) & (row != fill)].astype(np.float64) for row in rows]
    scenes = [row for row in scenes if len(row) > 1]
    if len(scenes) < _FEWEST_SCENES:
        return 0.0
    within = float(np.mean([row.var() for row in scenes]))
    between = float(np.var([row.mean() for row in scenes]))
    return between / within if within > 0 else (np.inf if between > 0 else 0.0)


def not_light(bands: Sequence[BandValues], dtype: str) -> dict[int, str]:
    """Why bands are no measured light, by place; bands that may be inputs are not named.

    Told from their numbers alone, beside those of the other bands: few different ones are codes or
    percentages, a mark of missing data that most others lack belongs to another source, and what
    differs from scene to scene but hardly within one is height or date.
    """
    reasons: dict[int, str] = {}
    usual = float(np.median([band.distinct for band in bands]))
    filled = sum(band.fill is not None for band in bands)
    small = dtype in ("uint8", "int8")
    for place, band in enumerate(bands):
        if band.distinct <= 1:
            reasons[place] = "it has the same value everywhere"
        elif len(bands) == 1:
            continue
        elif not small and usual > _MANY and band.distinct < _CODES:
            reasons[place] = (
                f"it has only {band.distinct} different values, as codes, flags or percentages have"
            )
        elif band.fill is not None and 2 * filled < len(bands):
            reasons[place] = f"it alone marks missing data by {band.fill:g}"
        elif band.between > _BETWEEN and _BETWEEN * _median_between(bands) < band.between:
            reasons[place] = "it differs between scenes but hardly within one, as heights do"
    return reasons if len(reasons) < len(bands) else {}


def _median_between(bands: Sequence[BandValues]) -> float:
    return float(np.median([band.between for band in bands]))


def scale_of(dtype: str, bands: Sequence[BandValues], metres: float | None) -> tuple[float, str]:
    """Number that means reflectance 1, and why.

    Args:
        dtype: Type of the files' numbers.
        bands: Numbers of the bands that are inputs.
        metres: Ground sample distance, if known.
    """
    high, top = max(band.high for band in bands), max(band.top for band in bands)
    seen = f"99 % of the numbers are up to {high:.4g}"
    if dtype.startswith("float"):
        scale = next(
            (scale for limit, scale in ((5, 1.0), (300, 255.0)) if high <= limit), 10_000.0
        )
        return scale, seen
    if dtype in ("uint8", "int8") or top <= _EIGHT_BITS:
        return _EIGHT_BITS, f"numbers of 8 bits: {seen}"
    bits = next((bits for bits in (11, 12, 14) if 2 ** (bits - 1) < top < 2**bits), None)
    if bits is not None and metres is not None and metres < _FINE:
        told = f"as sensors of {bits} bits count: the largest number is {top:.0f}"
        return 2**bits - 1, told
    if high <= _MOST_REFLECTANCE:
        return 10_000, f"reflectance x 10000, as most products: {seen}"
    return 65_535, f"numbers of 16 bits: {seen}"
