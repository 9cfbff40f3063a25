"""Histories are read back as they were written; what is something else is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest

from pipeline.errors import ArtifactError
from pipeline.learning.history import Row, history_text
from pipeline.reporting.report.training_record import model_of, read_training

ROWS = (
    Row(5, 0.5, 0.003, 1.25, 0.25, (0.5, math.nan)),
    Row(10, 0.25, 1e-06, 2.5, math.nan, (math.nan, math.nan)),
)
END: dict[str, Any] = {
    "best_step": 5,
    "steps": 10,
    "stopped": "patience",
    "seconds": 2.5,
    "device": "cpu, float32",
}


def test_what_was_written_is_read() -> None:
    training = read_training("roads_2-fold-11.3", history_text(ROWS, (3, 7)), END)
    assert (training.model, training.fold, training.repeat) == ("roads_2", 11, 3)
    assert training.codes == (3, 7)
    assert training.rows[0].loss == 0.5
    assert training.rows[1].rate == 1e-6
    assert math.isnan(training.rows[1].mean)
    assert training.score == 0.25
    assert training.scores == {3: 0.5, 7: None}


def test_training_on_all_scenes_has_no_score() -> None:
    training = read_training(
        "all-retrained", history_text(ROWS[1:], (3, 7)), END | {"best_step": 10}
    )
    assert (training.fold, training.repeat) == (None, 0)
    assert training.score is None
    assert training.scores == {3: None, 7: None}


def test_kept_step_that_is_not_in_the_history_has_no_score() -> None:
    training = read_training("all-fold-0", history_text(ROWS, (3, 7)), END | {"best_step": 7})
    assert training.kept is None
    assert training.scores == {3: None, 7: None}


@pytest.mark.parametrize(
    ("name", "history", "end"),
    [
        ("all-fold-x", history_text(ROWS, (3, 7)), END),
        ("../x-fold-1", history_text(ROWS, (3, 7)), END),
        ("all-fold-0", "", END),
        ("all-fold-0", "step,loss\n1,2\n", END),
        ("all-fold-0", history_text(ROWS, (3, 7)).replace("jaccard_3", "other"), END),
        ("all-fold-0", history_text(ROWS, (3, 7)) + "15,0.1\n", END),
        ("all-fold-0", history_text(ROWS, (3, 7)).replace("0.500000", "half"), END),
        ("all-fold-0", history_text(ROWS, (3, 7)), {}),
        ("all-fold-0", history_text(ROWS, (3, 7)), END | {"steps": None}),
    ],
)
def test_anything_else_is_refused(name: str, history: str, end: dict[str, Any]) -> None:
    with pytest.raises(ArtifactError, match=r"not a training .*run `train` again"):
        read_training(name, history, end)


def test_model_of_a_name() -> None:
    assert [model_of(name) for name in ("a_b-fold-0.2", "c-retrained", "statistics-all")] == [
        "a_b",
        "c",
        "",
    ]
