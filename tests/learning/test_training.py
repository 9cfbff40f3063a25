"""The training loop on a 1x1 convolution and tiny arrays."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from pipeline.errors import TrainingError
from pipeline.learning import training as module
from pipeline.learning.history import Progress, Row
from tests.learning.tiny_training import Ground, KilledError, kill_at, tiny_training


def test_learns_and_writes_a_row_per_validation(tmp_path: Path) -> None:
    result = tiny_training(tmp_path, steps=200, schedule="linear").run()
    assert [row.step for row in result.rows] == [50, 100, 150, 200]
    assert result.rows[-1].loss < result.rows[0].loss
    assert result.best.mean > 0.9
    assert result.best.mean == pytest.approx(sum(result.best.jaccard) / 2)
    assert result.stopped == "steps"
    # The rate of step 200 of 200 is that of 199 steps done.
    assert result.rows[-1].rate == pytest.approx(0.05 / 200)


def test_best_weights_are_those_of_the_best_row(tmp_path: Path, monkeypatch: Any) -> None:
    scores = iter([0.2, 0.6, 0.4, 0.6])
    monkeypatch.setattr(module, "validate", lambda *_: [next(scores), math.nan])
    kept: list[torch.Tensor] = []
    training = tiny_training(tmp_path, average=0.0)
    training.on_row = lambda _: kept.append(training.network.get_parameter("0.weight").clone())
    result = training.run()
    assert result.best.step == 20
    assert [row.mean for row in result.rows] == [0.2, 0.6, 0.4, 0.6]
    assert torch.equal(result.weights["0.weight"], kept[1])


def test_ground_without_positives_keeps_the_last_weights(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "validate", lambda *_: [math.nan, math.nan])
    training = tiny_training(tmp_path, average=0.0, patience=1)
    result = training.run()
    assert result.best.step == 40
    assert result.stopped == "steps"
    last = training.network.get_parameter("0.weight")
    assert torch.equal(result.weights["0.weight"], last)


def test_patience_ends_a_training_that_gets_no_better(tmp_path: Path, monkeypatch: Any) -> None:
    scores = iter([0.5, 0.4, 0.3, 0.2])
    monkeypatch.setattr(module, "validate", lambda *_: [next(scores)] * 2)
    result = tiny_training(tmp_path, patience=2).run()
    assert result.stopped == "patience"
    assert [row.step for row in result.rows] == [10, 20, 30]


def test_minutes_end_a_training_and_its_rate_falls_all_thesame(
    tmp_path: Path, monkeypatch: Any
) -> None:
    clock = iter(range(10_000_000))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock) * 0.01)
    rates: list[float] = []
    training = tiny_training(tmp_path, seconds=2.0, steps=10**6, schedule="linear")
    training.on_step = lambda _progress, _loss: rates.append(
        training.optimizer.param_groups[0]["lr"]
    )
    result = training.run()
    assert result.stopped == "minutes"
    assert len(result.rows) == 4
    assert 1.5 < result.rows[-1].seconds < 2.2
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 0.05 * 0.05


def test_time_spent_survives_a_kill(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "SAVE_SECONDS", 0.0)
    clock = iter(range(10_000_000))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock) * 0.01)
    part = tiny_training(tmp_path, seconds=2.0, steps=10**6)
    part.on_step = kill_at(20)
    with pytest.raises(KilledError):
        part.run()
    again = tiny_training(tmp_path, seconds=2.0, steps=10**6)
    again.on_step = kill_at(20)
    with pytest.raises(KilledError):
        again.run()
    # One step was done again, on top of the time of all before it.
    assert again.progress.seconds == pytest.approx(part.progress.seconds, abs=0.1)
    assert again.progress.seconds > 0.5
    last = tiny_training(tmp_path, seconds=2.0, steps=10**6).run().rows[-1]
    assert 1.5 < last.seconds < 2.2
    assert last.step < 80


def test_killed_when_its_minutes_were_over_still_gives_weights(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(module, "SAVE_SECONDS", 0.0)
    part = tiny_training(tmp_path, seconds=1000.0, steps=10**6)
    part.on_step = kill_at(3)
    with pytest.raises(KilledError):
        part.run()
    result = tiny_training(tmp_path, seconds=1e-9, steps=10**6).run()
    assert [row.step for row in result.rows] == [2]
    assert result.stopped == "minutes"
    assert result.weights


def test_a_loss_that_is_no_number_names_step_and_advice(tmp_path: Path) -> None:
    training = tiny_training(tmp_path, Ground(scale=math.inf))
    with pytest.raises(TrainingError, match=r"step 0 is nan.*train\.rate \(now 0\.05\)"):
        training.run()


def test_progress_survives_its_plain_form() -> None:
    progress = Progress(step=3, rows=[Row(1, 0.5, 0.1, 2.0, 0.3, (0.3, math.nan))])
    again = Progress.from_state(progress.to_state())
    assert again.rows[0].jaccard[0] == 0.3
    assert math.isnan(again.rows[0].jaccard[1])
    assert again.best == 0.3
    assert Progress().best == -1
