"""How far a score may be off: the bootstrap over scenes.

Few scenes are labelled, and they differ more from one another than pixels of a scene do. So whole
scenes are drawn with replacement and the pooled Jaccard index is taken of each draw (Efron 1979,
percentile interval).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.mapping.jaccard import Absent

_DRAWS = 1000
_ENDS = (0.05, 0.95)
Interval = tuple[float, float]


def intervals(
    counts: NDArray[np.float64], absent: Absent, seed: int = 0
) -> tuple[list[Interval], Interval]:
    """90% intervals of each class's Jaccard index and of their mean.

    Args:
        counts: (N, 3, K) TP, FP and FN of each scene and class, in pixels or as areas.
        absent: What a class counts that a draw doesn't have.
        seed: Of the draws.

    Returns:
        (K,) intervals of the classes, and that of the mean; of no scenes all are from 0 to 0.
    """
    if not len(counts):
        return _nothing(counts)
    jaccard = _drawn(counts, absent, seed)
    return [_interval(column) for column in jaccard.T], _interval(_row_means(jaccard))


def paired_intervals(
    one: NDArray[np.float64], other: NDArray[np.float64], absent: Absent, seed: int = 0
) -> tuple[list[Interval], Interval]:
    """90% intervals of how far another prediction of the same scenes scores above the one.

    Each draw takes the same scenes of both, so what scenes have in common, such as hard ground,
    is no part of the interval: two scores whose own intervals overlap may well differ.

    Args:
        one: (N, 3, K) TP, FP and FN of each scene and class.
        other: (N, 3, K) of the other prediction, the scenes in the same order.
        absent: What a class counts that a draw doesn't have; one that is skipped for either is
            skipped for both.
        seed: Of the draws.

    Returns:
        (K,) intervals of the classes' differences, and that of the means' difference; of no scenes
        all are from 0 to 0.
    """
    if not len(one):
        return _nothing(one)
    first, second = _drawn(one, absent, seed), _drawn(other, absent, seed)
    means = _row_means(second) - _row_means(first)
    return [_interval(column) for column in (second - first).T], _interval(means)


def _nothing(counts: NDArray[np.float64]) -> tuple[list[Interval], Interval]:
    """Intervals of no scenes."""
    return [(0.0, 0.0)] * counts.shape[2], (0.0, 0.0)


def _drawn(counts: NDArray[np.float64], absent: Absent, seed: int) -> NDArray[np.float64]:
    """(draws, K) Jaccard index of each class in each draw; NaN where it does not count."""
    rng = np.random.default_rng(seed)
    # How often each scene is in each draw: (draws, scenes).
    drawn = rng.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), _DRAWS)
    tp, fp, fn = np.einsum("ds,snk->ndk", drawn, counts)
    union = tp + fp + fn
    nothing = {"zero": 0.0, "one": 1.0, "skip": np.nan}[absent]
    jaccard: NDArray[np.float64] = np.divide(
        tp, union, out=np.full(tp.shape, nothing), where=union > 0
    )
    return jaccard


def _row_means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of what counts in each row; 0 where nothing does."""
    there = np.isfinite(values)
    means: NDArray[np.float64] = np.nansum(values, axis=1) / np.maximum(there.sum(axis=1), 1)
    return means


def _interval(values: NDArray[np.float64]) -> Interval:
    counted = values[np.isfinite(values)]
    if not len(counted):
        return 0.0, 0.0
    low, high = np.quantile(counted, _ENDS)
    return float(low), float(high)
