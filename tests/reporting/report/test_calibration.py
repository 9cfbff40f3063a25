"""Calibration by hand."""

import numpy as np
import pytest
from hypothesis import given

from pipeline.reporting.report.calibration import BINS, calibration
from tests.reporting.report.test_precision import counts_of, levels


def test_by_hand() -> None:
    """51 is 0.2 and 204 is 0.8: the first pixels of their bins."""
    found = calibration(counts_of({0: (0, 80), 51: (4, 6), 204: (8, 2)}))
    assert list(found.pixels[0]) == [80, 0, 10, 0, 0, 0, 0, 0, 10, 0]
    assert list(found.predicted[0, [0, 2, 8]]) == [0, pytest.approx(0.2), pytest.approx(0.8)]
    assert list(found.true[0, [0, 2, 8]]) == [0, 0.4, 0.8]
    assert np.isnan(found.true[0, 1])
    assert found.error[0] == pytest.approx((10 * 0.2) / 100)
    assert found.likely_error[0] == pytest.approx((10 * 0.2) / 20)
    assert found.area[0] == pytest.approx((2 + 8) / 12)


def test_one_is_in_the_last_bin() -> None:
    assert calibration(counts_of({255: (3, 0), 254: (1, 0)})).pixels[0, -1] == 4


def test_class_that_is_nowhere() -> None:
    found = calibration(counts_of({0: (0, 5)}, {}))
    assert list(found.error[:1]) == [0]
    assert np.isnan(found.error[1])
    assert np.isnan(found.likely_error).all()
    assert np.isnan(found.area).all()


@given(levels)
def test_every_pixel_is_in_the_bin_of_its_probability(drawn: dict[int, tuple[int, int]]) -> None:
    counts = counts_of(drawn)
    found = calibration(counts)
    assert found.pixels.sum() == counts.positives.sum() + counts.negatives.sum()
    there = found.pixels[0] > 0
    lows = np.arange(BINS) / BINS
    assert np.all(found.predicted[0, there] >= lows[there] - 1e-12)
    assert np.all(found.predicted[0, there] <= lows[there] + 1 / BINS + 1e-12)
    assert not np.any(found.true[0, there] > 1)
