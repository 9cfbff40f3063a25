"""Thresholds and cross-fitted scores worked out by hand."""

import numpy as np
import pytest

from pipeline.learning.metrics import NOTHING, LevelCounts
from pipeline.mapping.jaccard import Overlap, mean_jaccard
from pipeline.mapping.thresholds import (
    best_thresholds,
    cross_fitted,
    level_of,
    overlaps_across,
    overlaps_at,
    pooled,
    probability_of,
)


def counts(positives: dict[int, int], negatives: dict[int, int]) -> LevelCounts:
    one = LevelCounts.empty(1)
    for level, number in positives.items():
        one.positives[0, level] = number
    for level, number in negatives.items():
        one.negatives[0, level] = number
    return one


def test_best_threshold_by_hand() -> None:
    # From 91 on: TP 8, FP 0, FN 1 -> 8/9. From 101: 6/9. From 61: 8/11. From 31 to 50: 9/15.
    fold = counts({50: 1, 100: 2, 200: 6}, {30: 10, 60: 4, 90: 2})
    assert 90 < best_thresholds(fold)[0] <= 100
    assert overlaps_at(fold, best_thresholds(fold)) == [Overlap(tp=8, fp=0, fn=1)]


def test_class_without_positives_predicts_nothing() -> None:
    fold = counts({}, {3: 5, 255: 1})
    assert best_thresholds(fold).tolist() == [NOTHING]
    assert overlaps_at(fold, best_thresholds(fold)) == [Overlap(0, 0, 0)]


def test_level_zero_is_never_predicted() -> None:
    fold = counts({0: 90, 7: 1}, {5: 50})
    assert 5 < best_thresholds(fold)[0] <= 7
    assert best_thresholds(counts({0: 90}, {5: 1})).tolist() == [NOTHING]


def test_separable_class_gets_the_middle_of_the_gap() -> None:
    fold = counts({200: 5}, {100: 5})
    assert best_thresholds(fold)[0] == pytest.approx(150, abs=1)


def test_middle_of_levels_that_are_nearly_as_good() -> None:
    """All from 91 to 100; 38 of 40 from 61 on, and 37 of 38 up to 140."""
    fold = counts({100: 1, 140: 2, 200: 35}, {90: 2, 60: 4, 20: 9})
    assert best_thresholds(fold).tolist() == [96]
    assert best_thresholds(fold, 0.05).tolist() == [(61 + 140) // 2]
    assert best_thresholds(fold, 0.01).tolist() == [95]


def test_levels_that_are_as_good_hang_together() -> None:
    """A second run of good levels, past one that is worse, does not count."""
    fold = counts({50: 4, 200: 10}, {40: 3, 45: 1, 190: 8})
    curve = fold.curves()[0]
    assert curve[40:45].tolist() == pytest.approx([14 / 23] * 5)
    assert best_thresholds(fold, 0.2)[0] > 190
    assert best_thresholds(counts({}, {3: 5}), 0.05).tolist() == [NOTHING]


def test_threshold_of_a_fold_comes_from_the_others() -> None:
    first = counts({200: 4}, {100: 4})
    second = counts({60: 4}, {40: 4})
    levels = cross_fitted([first, second])
    # Fold 0 is cut where fold 1 separates (41..60): its negatives at 100 are taken, too.
    assert 40 < levels[0][0] <= 60
    assert 100 < levels[1][0] <= 200
    found = overlaps_across([first, second], levels)
    assert found == [Overlap(tp=4, fp=4, fn=4)]
    tuned = overlaps_at(pooled([first, second]), best_thresholds(pooled([first, second])))
    assert tuned[0].jaccard is not None
    assert found[0].jaccard is not None
    assert tuned[0].jaccard > found[0].jaccard


def test_class_in_one_fold_only_scores_nothing_when_cross_fitted() -> None:
    levels = cross_fitted([counts({200: 4}, {100: 4}), counts({}, {90: 2})])
    assert levels[0][0] == NOTHING
    assert levels[1][0] != NOTHING


def test_levels_of_probabilities() -> None:
    assert level_of(0.5) == 128
    assert level_of(0.2) == 51
    assert level_of(0) == 1
    assert level_of(1) == 255
    assert probability_of(51) == pytest.approx(0.2)
    assert probability_of(NOTHING) > 1


def test_tuned_is_at_least_as_good_as_any_level() -> None:
    rng = np.random.default_rng(0)
    fold = LevelCounts.empty(3)
    levels = rng.integers(0, 256, (3, 20, 20)).astype(np.uint8)
    truth = levels + rng.normal(0, 60, levels.shape) > 150
    fold.add(levels, truth, np.ones((20, 20), bool))
    best = [overlap.jaccard or 0 for overlap in overlaps_at(fold, best_thresholds(fold))]
    for row in range(3):
        for level in range(1, 257):
            predicted = levels[row] >= level
            union = (predicted | truth[row]).sum()
            assert (predicted & truth[row]).sum() / union <= best[row] + 1e-12


def test_mean_and_absent_classes_by_hand() -> None:
    present, absent = Overlap(2, 1, 1), Overlap()
    assert present.jaccard == 0.5
    assert mean_jaccard([present, absent], "zero") == 0.25
    assert mean_jaccard([present, absent], "one") == 0.75
    assert mean_jaccard([present, absent], "skip") == 0.5
    assert mean_jaccard([absent], "skip") == 0
    assert mean_jaccard([Overlap(0, 3, 0), absent], "skip") == 0
