"""Estimates of windows' losses, and how much a single window can make of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipeline.learning.difficulty import LIMIT, PACE, Difficulty, patch_losses


def test_estimates_by_hand() -> None:
    difficulty = Difficulty(3, 0.5)
    difficulty.update([0, 2, 0], [1.0, 4.0, 2.0])
    difficulty.update([2], [math.nan])
    assert difficulty.losses[0] == pytest.approx(1 + PACE)
    assert math.isnan(difficulty.losses[1])
    assert difficulty.losses[2] == 4


def test_blend_by_hand() -> None:
    weights = np.array([0.5, 0.2, 0.2, 0.1])
    difficulty = Difficulty(4, 0.25)
    assert difficulty.blend(weights) == pytest.approx(weights)
    difficulty.update([0, 1, 2], [1.0, 2.0, 100.0])
    # Median 2: the third counts as 4 x 2, the one not seen yet as 2; 1 + 2 + 8 + 2 = 13.
    expected = 0.75 * weights + 0.25 * np.array([1, 2, 8, 2]) / 13
    assert difficulty.blend(weights) == pytest.approx(expected)


def test_what_the_plan_never_draws_stays_out() -> None:
    difficulty = Difficulty(3, 1.0)
    difficulty.update([0, 1, 2], [1.0, 1.0, 50.0])
    assert difficulty.blend(np.array([0.5, 0.5, 0.0])).tolist() == [0.5, 0.5, 0.0]


@given(
    st.lists(st.floats(0, 1e6), min_size=1, max_size=30),
    st.floats(0, 1),
    st.data(),
)
def test_no_window_takes_over(losses: list[float], share: float, data: st.DataObject) -> None:
    n = len(losses)
    weights = np.array(data.draw(st.lists(st.floats(0.01, 1), min_size=n, max_size=n)))
    difficulty = Difficulty(n, share)
    seen = data.draw(st.lists(st.integers(0, n - 1), max_size=n))
    difficulty.update(seen, [losses[window] for window in seen])
    blended, even = difficulty.blend(weights), weights / weights.sum()
    assert blended.sum() == pytest.approx(1)
    assert (blended >= (1 - share) * even - 1e-12).all()
    bound = (1 - share) * even + share * np.maximum(even, 2 * LIMIT / n)
    assert (blended <= bound + 1e-9).all()


def test_patch_losses_by_hand() -> None:
    logits = torch.zeros(3, 2, 1, 2, requires_grad=True)
    with torch.no_grad():
        logits[1, 0, 0, 0] = math.log(3)  # probability 3 / 4
    masks = torch.zeros(3, 2, 1, 2, dtype=torch.bool)
    masks[1, 0, 0, 0] = True
    valid = torch.tensor([[[True, True]], [[True, False]], [[False, False]]])
    found = patch_losses(logits, masks, valid)
    assert found[0] == pytest.approx(math.log(2))
    assert found[1] == pytest.approx((math.log(4 / 3) + math.log(2)) / 2)
    assert math.isnan(found[2])
    soft = patch_losses(logits, torch.full(logits.shape, 0.5), valid)
    assert soft[1] == pytest.approx(-(math.log(3 / 4) + math.log(1 / 4)) / 4 + math.log(2) / 2)


def test_state_survives() -> None:
    difficulty, other = Difficulty(2, 0.5), Difficulty(2, 0.5)
    difficulty.update([1], [3.0])
    other.restore(difficulty.to_state())
    assert other.losses.tolist()[1] == 3
    assert math.isnan(other.losses[0])
    other.update([1], [9.0])
    assert difficulty.losses[1] == 3
