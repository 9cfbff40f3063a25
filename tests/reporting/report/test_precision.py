"""Precision and recall by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.learning.metrics import LevelCounts
from pipeline.reporting.report.precision import precision_recall


def counts_of(*rows: dict[int, tuple[int, int]]) -> LevelCounts:
    """Counts with (positives, negatives) at these levels, a row per class."""
    counts = LevelCounts.empty(len(rows))
    for row, levels in enumerate(rows):
        for level, (positives, negatives) in levels.items():
            counts.positives[row, level], counts.negatives[row, level] = positives, negatives
    return counts


def test_by_hand() -> None:
    found = precision_recall(counts_of({200: (6, 2), 100: (2, 2), 0: (2, 88)}))
    precision, recall = found.precision[0], found.recall[0]
    assert (precision[199], recall[199]) == (6 / 8, 6 / 10), "threshold 200"
    assert (precision[99], recall[99]) == (8 / 12, 8 / 10), "threshold 100"
    assert (precision[0], recall[0]) == (8 / 12, 8 / 10), "threshold 1: level 0 is never found"
    assert np.isnan(precision[200])
    assert recall[200] == 0
    at = found.at(np.array([101]))
    assert (at[0][0], at[1][0]) == (6 / 8, 6 / 10)


def test_average_precision_by_hand() -> None:
    found = precision_recall(counts_of({200: (6, 2), 100: (2, 2), 0: (2, 88)}))
    assert found.average()[0] == pytest.approx(0.6 * 6 / 8 + 0.2 * 8 / 12)


def test_class_without_pixels_has_no_recall() -> None:
    found = precision_recall(counts_of({0: (0, 9)}, {255: (0, 9)}))
    assert np.isnan(found.recall).all()
    assert np.isnan(found.average()).all()
    assert np.isnan(found.precision[0]).all(), "nothing is found"
    assert (found.precision[1, :255] == 0).all()


levels = st.dictionaries(
    st.integers(0, 255), st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=6
)


@given(levels)
def test_agrees_with_the_jaccard_index(drawn: dict[int, tuple[int, int]]) -> None:
    """1 / J = 1 / P + 1 / R - 1 wherever something is found and true."""
    counts = counts_of(drawn)
    found = precision_recall(counts)
    precision, recall, jaccard = found.precision[0], found.recall[0], counts.curves()[0]
    hit = jaccard > 0
    assert np.allclose(1 / jaccard[hit], 1 / precision[hit] + 1 / recall[hit] - 1)
    assert not np.any(np.diff(recall) > 0), "a higher threshold finds no more"
    average = found.average()[0]
    assert np.isnan(average) or -1e-12 <= average <= 1 + 1e-12
