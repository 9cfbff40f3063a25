"""Learning-rate schedules at points worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.train import Train
from pipeline.learning.schedule import RISE, START, WARM_START, rate_factor


@pytest.mark.parametrize(
    ("settings", "progress", "factor"),
    [
        ({"schedule": "constant"}, 0.7, 1.0),
        ({"schedule": "linear"}, 0.25, 0.75),
        ({"schedule": "linear"}, 1.0, 0.0),
        ({"schedule": "linear"}, 1.5, 0.0),
        ({"schedule": "cosine"}, 0.0, 1.0),
        ({"schedule": "cosine"}, 0.5, 0.5),
        ({"schedule": "cosine"}, 1.0, 0.0),
        ({"schedule": "one_cycle"}, 0.0, START),
        ({"schedule": "one_cycle"}, RISE / 2, (1 + START) / 2),
        ({"schedule": "one_cycle"}, RISE, 1.0),
        ({"schedule": "one_cycle"}, (1 + RISE) / 2, 0.5),
        ({"schedule": "one_cycle"}, 1.0, 0.0),
        # Two drops part a training into thirds.
        ({"schedule": "step", "drops": 2}, 0.33, 1.0),
        ({"schedule": "step", "drops": 2}, 1 / 3, 0.1),
        ({"schedule": "step", "drops": 2, "drop_factor": 0.5}, 0.7, 0.25),
        ({"schedule": "step", "drops": 2, "drop_factor": 0.5}, 1.0, 0.25),
        ({"schedule": "step", "drops": 9, "drop_factor": 0.5}, 0.3, 0.125),
        # A warm-up, then the schedule over the rest.
        ({"schedule": "linear", "warmup": 0.2}, 0.0, WARM_START),
        ({"schedule": "linear", "warmup": 0.2}, 0.1, (1 + WARM_START) / 2),
        ({"schedule": "linear", "warmup": 0.2}, 0.2, 1.0),
        ({"schedule": "linear", "warmup": 0.2}, 0.6, 0.5),
        ({"schedule": "step", "warmup": 0.4, "drops": 1}, 0.69, 1.0),
        ({"schedule": "step", "warmup": 0.4, "drops": 1}, 0.7, 0.1),
    ],
)
def test_factor_by_hand(settings: dict[str, Any], progress: float, factor: float) -> None:
    assert rate_factor(Train(**settings), progress) == pytest.approx(factor, abs=1e-12)


def test_plateau_by_hand() -> None:
    settings = Train(schedule="plateau", drop_factor=0.5, warmup=0.1)
    assert [rate_factor(settings, 0.5, drops) for drops in (0, 1, 3)] == [1, 0.5, 0.125]
    assert rate_factor(settings, 0.05, 0) == pytest.approx((1 + WARM_START) / 2)


@given(
    st.sampled_from(["constant", "linear", "cosine", "step", "plateau"]),
    st.floats(0, 0.99),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_rate_rises_in_its_warmup_and_never_after(
    schedule: Any, warmup: float, one: float, other: float
) -> None:
    settings = Train(schedule=schedule, warmup=warmup)
    early, late = sorted((one, other))
    first, second = rate_factor(settings, early), rate_factor(settings, late)
    assert 0 <= second <= 1
    if late < warmup:
        assert first <= second
    elif early >= warmup:
        assert first >= second
