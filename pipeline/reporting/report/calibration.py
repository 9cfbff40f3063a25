"""Whether probabilities mean what they say: of pixels with 0.7, seven of ten are of the class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.learning.metrics import LEVELS, LevelCounts

BINS: Final = 10
"""Equal parts of the probabilities from 0 to 1."""
LIKELY: Final = 0.1
"""Pixels from this probability on are those that a class is thought of at all: a rare class is so
seldom elsewhere that any network is right there."""
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """Predicted and true shares of pixels, by bins of probability.

    Attributes:
        pixels: (K, B) number of pixels.
        predicted: (K, B) mean probability; NaN in an empty bin.
        true: (K, B) share that is of the class; NaN in an empty bin.
        error: (K,) expected calibration error: mean of how far the two are apart, over pixels.
        likely_error: (K,) the same over pixels with a probability of at least :data:`LIKELY`; NaN
            if there is none.
        area: (K,) sum of the probabilities, over the true pixels; NaN where nothing is true.
    """

    pixels: NDArray[np.int64]
    predicted: Values
    true: Values
    error: Values
    likely_error: Values
    area: Values


def calibration(counts: LevelCounts) -> Calibration:
    """Calibration of each class; see :class:`Calibration`."""
    every = counts.positives + counts.negatives
    probability = np.arange(LEVELS) / (LEVELS - 1)
    # The last bin holds 1 as well; level 51 is 0.2 exactly, which only integers know.
    place = np.minimum(np.arange(LEVELS) * BINS // (LEVELS - 1), BINS - 1)
    member = (place[:, None] == np.arange(BINS)).astype(np.float64)
    pixels = (every @ member.astype(np.int64)).astype(np.int64)
    sums, hits = (every * probability) @ member, counts.positives @ member
    predicted, true = _ratio(sums, pixels), _ratio(hits, pixels)
    apart = np.abs(sums - hits)
    first = round(LIKELY * BINS)
    return Calibration(
        pixels,
        predicted,
        true,
        _ratio(apart.sum(axis=1), pixels.sum(axis=1)),
        _ratio(apart[:, first:].sum(axis=1), pixels[:, first:].sum(axis=1)),
        _ratio((every * probability).sum(axis=1), counts.positives.sum(axis=1)),
    )


def _ratio(part: NDArray[np.float64], whole: NDArray[np.int64]) -> Values:
    ratio: Values = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return ratio
