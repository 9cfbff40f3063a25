"""Pooled Jaccard, worked out by hand and against plain sums at every threshold."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.learning.metrics import LEVELS, Confusion, LevelCounts, to_levels


def _example() -> LevelCounts:
    counts = LevelCounts.empty(1)
    levels = np.array([[[10, 200, 200, 90]]], np.uint8)
    truth = np.array([[[False, True, False, True]]])
    counts.add(levels, truth, np.array([[True, True, True, True]]))
    return counts


def test_confusion_by_hand() -> None:
    predicted = np.array([[[True, True, False, False, True]]])
    truth = np.array([[[True, False, True, False, True]]])
    valid = np.array([[True, True, True, True, False]])
    counts = Confusion.of(predicted, truth, valid)
    assert (counts.tp[0], counts.fp[0], counts.fn[0]) == (1, 1, 1)
    assert counts.jaccard()[0] == 1 / 3
    assert (counts + counts).jaccard()[0] == 1 / 3


def test_level_counts_by_hand() -> None:
    counts = _example()
    # At level 91: one hit (200), one false (200), one missed (90).
    assert counts.jaccard_at(91)[0] == 1 / 3
    # At level 90: both found, one false.
    assert counts.jaccard_at(90)[0] == 2 / 3
    assert counts.jaccard_at(0)[0] == 2 / 4
    assert counts.jaccard_at(256)[0] == 0
    best = counts.best()
    assert best.jaccard[0] == 2 / 3
    # Levels 11 to 90 are equally good; the middle one is chosen.
    assert best.level[0] == 51


def test_absent_class_has_jaccard_zero_and_a_middle_level() -> None:
    counts = LevelCounts.empty(1)
    counts.add(np.zeros((1, 2, 2), np.uint8), np.zeros((1, 2, 2), bool), np.ones((2, 2), bool))
    assert counts.jaccard_at(10)[0] == 0
    assert counts.best().level[0] == 128


def test_invalid_pixels_do_not_count() -> None:
    counts = LevelCounts.empty(1)
    counts.add(np.full((1, 2, 2), 9, np.uint8), np.ones((1, 2, 2), bool), np.zeros((2, 2), bool))
    assert counts.positives.sum() == counts.negatives.sum() == 0


def test_levels_round_to_nearest() -> None:
    assert to_levels(np.array([0.0, 0.5 / 255, 0.6 / 255, 1.0])).tolist() == [0, 0, 1, 255]


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
    for level in range(0, LEVELS, 5):
        plain = sum(
            (
                Confusion.of(a >= level, b, ok)
                for a, b, ok in zip(levels, truth, valid, strict=True)
            ),
            Confusion(np.zeros(2, int), np.zeros(2, int), np.zeros(2, int)),
        )
        assert np.array_equal(merged.jaccard_at(level), plain.jaccard())
        assert np.array_equal(curves[:, level], plain.jaccard())
    best = merged.best()
    assert np.array_equal(merged.jaccard_at(best.level), curves.max(axis=1))
