"""Learning-rate schedules at points worked out by hand."""

from __future__ import annotations

import pytest

from pipeline.learning.schedule import RISE, START, Schedule, rate_factor


@pytest.mark.parametrize(
    ("schedule", "progress", "factor"),
    [
        ("constant", 0.7, 1.0),
        ("linear", 0.25, 0.75),
        ("linear", 1.0, 0.0),
        ("cosine", 0.0, 1.0),
        ("cosine", 0.5, 0.5),
        ("cosine", 1.0, 0.0),
        ("one_cycle", 0.0, START),
        ("one_cycle", RISE / 2, (1 + START) / 2),
        ("one_cycle", RISE, 1.0),
        ("one_cycle", (1 + RISE) / 2, 0.5),
        ("one_cycle", 1.0, 0.0),
        ("linear", 1.5, 0.0),
    ],
)
def test_factor_by_hand(schedule: Schedule, progress: float, factor: float) -> None:
    assert rate_factor(schedule, progress) == pytest.approx(factor, abs=1e-12)
