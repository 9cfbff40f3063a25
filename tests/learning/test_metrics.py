"""Pooled Jaccard, worked out by hand and against plain sums at every threshold."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.learning.metrics import LEVELS, NOTHING, LevelCounts, to_levels

Mask = NDArray[np.bool_]


def _example() -> LevelCounts:
    counts = LevelCounts.empty(1)
    levels = np.array([[[10, 200, 200, 90]]], np.uint8)
    truth = np.array([[[False, True, False, True]]])
    counts.add(levels, truth, np.array([[True, True, True, True]]))
    return counts


def _jaccard(predicted: Mask, truth: Mask, valid: Mask) -> float:
    """Pooled Jaccard of one class by plain counting."""
    union = int(((predicted | truth) & valid).sum())
    return int((predicted & truth & valid).sum()) / max(union, 1)


def test_confusion_by_hand() -> None:
    counts = _example()
    # At level 91: one hit (200), one false (200), one missed (90).
    at = counts.confusion_at(91)
    assert (at.tp[0], at.fp[0], at.fn[0]) == (1, 1, 1)
    both = at + counts.confusion_at(256)
    assert (both.tp[0], both.fp[0], both.fn[0]) == (1, 1, 3)


def test_best_by_hand() -> None:
    counts = _example()
    curve = counts.curves()[0]
    assert curve[[1 - 1, 90 - 1, 91 - 1, 256 - 1]].tolist() == [2 / 4, 2 / 3, 1 / 3, 0]
    best = counts.best()
    assert best.jaccard[0] == 2 / 3
    # Levels 11 to 90 are equally good; the middle one is chosen.
    assert best.level[0] == 51


def test_absent_class_has_jaccard_zero_and_predicts_nothing() -> None:
    counts = LevelCounts.empty(1)
    counts.add(np.full((1, 2, 2), 9, np.uint8), np.zeros((1, 2, 2), bool), np.ones((2, 2), bool))
    assert counts.best().jaccard[0] == 0
    assert counts.best().level[0] == NOTHING


def test_level_zero_is_never_of_a_class() -> None:
    counts = LevelCounts.empty(1)
    truth = np.arange(10).reshape(1, 1, 10) < 3
    counts.add(np.zeros((1, 1, 10), np.uint8), truth, np.ones((1, 10), bool))
    assert counts.best().jaccard[0] == 0
    assert counts.best().level[0] == NOTHING


def test_invalid_pixels_do_not_count() -> None:
    counts = LevelCounts.empty(1)
    counts.add(np.full((1, 2, 2), 9, np.uint8), np.ones((1, 2, 2), bool), np.zeros((2, 2), bool))
    assert counts.positives.sum() == counts.negatives.sum() == 0


def test_levels_round_to_nearest_and_stay_in_range() -> None:
    steps = torch.tensor([0.0, 0.4 / 255, 0.6 / 255, 0.5, 1.0, 1.01, -0.01])
    levels = to_levels(steps)
    assert levels.dtype == torch.uint8
    assert levels.tolist() == [0, 0, 1, 128, 255, 255, 0]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0.0, 1.0))
def test_every_threshold_equals_plain_counting(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    levels = rng.integers(0, LEVELS, (2, 2, 3, 5), dtype=np.uint8)
    truth = rng.random((2, 2, 3, 5)) < share
    valid = rng.random((2, 3, 5)) < 0.8
    parts = [LevelCounts.empty(2), LevelCounts.empty(2)]
    for part, level, mask, ok in zip(parts, levels, truth, valid, strict=True):
        part.add(level, mask, ok)
    merged = parts[0].merge(parts[1])
    curves = merged.curves()
    for row in range(2):
        plain = [
            _jaccard(levels[:, row] >= level, truth[:, row], valid)
            for level in range(1, LEVELS + 1, 5)
        ]
        assert curves[row, ::5].tolist() == plain
    best = merged.best()
    at = merged.confusion_at(best.level)
    assert np.array_equal(at.tp / np.maximum(at.tp + at.fp + at.fn, 1), curves.max(axis=1))
