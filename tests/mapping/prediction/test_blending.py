"""Windows cover every pixel, and their weights sum to one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.mapping.prediction.blending import axis, clip, profile, starts


def test_starts_by_hand() -> None:
    assert starts(512, 128, 0.5) == (0, 64, 128, 192, 256, 320, 384)
    assert starts(300, 256, 0.25) == (0, 44)
    assert starts(256, 256, 0.25) == (0,)
    assert starts(10, 16, 0.5) == (-3,)
    assert starts(64, 16, 0) == (0, 16, 32, 48)


def test_profile_by_hand() -> None:
    # sin^2 of 1/8, 3/8, 5/8 and 7/8 of a half turn.
    expected = [0.1464466, 0.8535534, 0.8535534, 0.1464466]
    np.testing.assert_allclose(profile(4, smooth=True), expected, atol=1e-7)
    np.testing.assert_array_equal(profile(3, smooth=False), [1, 1, 1])
    assert profile(8192, smooth=True).min() > 0


@given(
    length=st.integers(1, 300),
    side=st.integers(1, 64),
    overlap=st.floats(0, 0.95),
    smooth=st.booleans(),
)
def test_weights_sum_to_one(length: int, side: int, overlap: float, smooth: bool) -> None:
    windows = axis(length, side, overlap, smooth)
    total = np.zeros(length)
    for first, weights in zip(windows.starts, windows.weights, strict=True):
        inside, target = clip(first, side, length)
        assert (weights[inside] > 0).all()
        assert weights.sum() == pytest.approx(weights[inside].sum())
        total[target] += weights[inside]
    np.testing.assert_allclose(total, 1, atol=5e-7)


@given(length=st.integers(1, 300), side=st.integers(1, 64), overlap=st.floats(0, 0.95))
def test_windows_stay_within_and_overlap(length: int, side: int, overlap: float) -> None:
    firsts = starts(length, side, overlap)
    if length >= side:
        assert firsts[0] == 0
        assert firsts[-1] == length - side
        steps = np.diff(firsts)
        assert (steps > 0).all()
        assert (steps <= max(1, side * (1 - overlap))).all()
    else:
        assert len(firsts) == 1
        assert firsts[0] <= 0
        assert firsts[0] + side >= length


def test_one_window_counts_exactly_one() -> None:
    windows = axis(20, 32, 0.5, smooth=True)
    inside, _ = clip(windows.starts[0], 32, 20)
    assert (windows.weights[0][inside] == 1).all()
