"""Thresholds per class, chosen on held-out folds.

A pixel belongs to a class when its level is *at least* the threshold, 1 to 256, see
:mod:`pipeline.learning.metrics`. Choosing is exact and free of pixels: the counts of the 256 levels
give the pooled Jaccard index at every threshold at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce

from pipeline.learning.metrics import LEVELS, Confusion, Counts, LevelCounts
from pipeline.mapping.jaccard import Overlap


def pooled(counts: Sequence[LevelCounts]) -> LevelCounts:
    """Counts of several folds together."""
    return reduce(LevelCounts.merge, counts)


def best_thresholds(counts: LevelCounts, slack: float = 0.0) -> Counts:
    """(K,) thresholds with the best Jaccard index; 256 for a class without positives.

    Args:
        counts: Counts of all pixels.
        slack: Share of the best that is given up to lie in the middle of good ones, see
            :meth:`LevelCounts.best`.
    """
    return counts.best(slack).level


def level_of(probability: float) -> int:
    """Threshold that takes just the levels that stand for at least this probability, but 0."""
    # 0.2 * 255 is 51.00000000000001 in binary: what lies so near to a level is that level.
    return max(1, math.ceil(probability * (LEVELS - 1) - 1e-9))


def probability_of(level: int) -> float:
    """Least probability that a threshold takes; above 1 for the one that predicts nothing."""
    return level / (LEVELS - 1)


def cross_fitted(counts: Sequence[LevelCounts], slack: float = 0.0) -> list[Counts]:
    """Thresholds for each fold, chosen on the other folds only.

    No pixel takes part in the choice of its threshold; it may in that of its network's weights.

    Args:
        counts: Counts of each of two or more folds.
        slack: See :func:`best_thresholds`.

    Returns:
        (K,) thresholds per fold.
    """
    return [
        best_thresholds(pooled([*counts[:fold], *counts[fold + 1 :]]), slack)
        for fold in range(len(counts))
    ]


def overlaps(confusion: Confusion) -> list[Overlap]:
    """The pixels of each class as overlaps."""
    columns = zip(confusion.tp, confusion.fp, confusion.fn, strict=True)
    return [Overlap(float(tp), float(fp), float(fn)) for tp, fp, fn in columns]


def overlaps_at(counts: LevelCounts, thresholds: Counts) -> list[Overlap]:
    """Overlap of each class at its own threshold."""
    return overlaps(counts.confusion_at(thresholds))


def overlaps_across(counts: Sequence[LevelCounts], thresholds: Sequence[Counts]) -> list[Overlap]:
    """Overlap of each class, summed over folds with thresholds of their own."""
    confusions = [
        fold.confusion_at(levels) for fold, levels in zip(counts, thresholds, strict=True)
    ]
    return overlaps(reduce(Confusion.__add__, confusions))
