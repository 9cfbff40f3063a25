"""What a trial of a search scores: the contest's metric on held-out folds, one number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.config.search import Objective
from pipeline.learning.metrics import LevelCounts
from pipeline.mapping.jaccard import Absent, class_jaccard, mean_jaccard
from pipeline.mapping.thresholds import (
    best_thresholds,
    cross_fitted,
    level_of,
    overlaps_across,
    overlaps_at,
    pooled,
)


@dataclass(frozen=True)
class HeldOut:
    """Scores of held-out predictions.

    Attributes:
        mean: Mean Jaccard index over the classes.
        classes: (K,) Jaccard index of each class, pooled over the folds; None for one that is
            absent and skipped.
        folds: Mean over the classes of each fold by itself, at the same thresholds.
    """

    mean: float
    classes: tuple[float | None, ...]
    folds: tuple[float, ...]


def score_folds(
    counts: Sequence[LevelCounts], objective: Objective, absent: Absent, slack: float = 0.0
) -> HeldOut:
    """Scores of folds, each predicted by networks that were not trained on it.

    Args:
        counts: Levels of each fold's pixels, two folds or more.
        objective: Where thresholds come from: the other folds, all folds, or 0.5.
        absent: What a class counts that is nowhere.
        slack: Of thresholds, see :func:`best_thresholds`.
    """
    everything = pooled(counts)
    if objective == "cross_fitted":
        thresholds = cross_fitted(counts, slack)
    elif objective == "chosen":
        thresholds = [best_thresholds(everything, slack)] * len(counts)
    else:
        thresholds = [np.full(len(everything.positives), level_of(0.5))] * len(counts)
    overlaps = overlaps_across(counts, thresholds)
    each = [overlaps_at(fold, levels) for fold, levels in zip(counts, thresholds, strict=True)]
    return HeldOut(
        mean_jaccard(overlaps, absent),
        tuple(class_jaccard(overlap, absent) for overlap in overlaps),
        tuple(mean_jaccard(fold, absent) for fold in each),
    )
