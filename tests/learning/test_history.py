"""History as CSV and as a TensorBoard log."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from pipeline.learning.history import Curves, Result, Row, draw_curves, history_text

ROWS = (
    Row(10, 0.5, 0.001, 1.25, 0.4, (0.4, math.nan)),
    Row(20, 0.25, 0.0005, 2.5, 0.6, (0.6, math.nan)),
)


def test_table_by_hand() -> None:
    assert history_text(ROWS, (5, 7)).splitlines() == [
        "step,loss,rate,seconds,mean_jaccard,jaccard_5,jaccard_7",
        "10,0.500000,0.001,1.25,0.400000,0.400000,",
        "20,0.250000,0.0005,2.50,0.600000,0.600000,",
    ]


def test_best_is_the_first_of_equals() -> None:
    rows = (ROWS[1], Row(30, 0.1, 0.0, 3.0, 0.6, (0.6, math.nan)), ROWS[0])
    assert Result({}, rows, "steps").best is rows[0]


def test_best_is_the_last_where_nothing_scores() -> None:
    rows = tuple(Row(step, 0.1, 0.0, 3.0, 0.0, (math.nan,)) for step in (10, 20))
    assert Result({}, rows, "steps").best is rows[1]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the log's reader, not ours
def test_log_holds_what_was_added(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import (  # type: ignore[import-untyped]
        EventAccumulator,
    )

    draw_curves(tmp_path, ROWS[:1], ("trees", "water"))
    with Curves(tmp_path, ("trees", "water"), purge=20) as curves:
        curves.add(ROWS[1])
    log = EventAccumulator(str(tmp_path))
    log.Reload()
    assert sorted(log.Tags()["scalars"]) == ["jaccard/mean", "jaccard/trees", "loss", "rate"]
    assert [event.step for event in log.Scalars("loss")] == [10, 20]
    assert log.Scalars("jaccard/trees")[1].value == pytest.approx(0.6)
