"""What a training shows, says, and leaves for others to read."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from pipeline.files import read_json
from pipeline.learning.history import Progress, Row
from pipeline.progress.board import Board
from pipeline.progress.display import Display
from pipeline.progress.task import Task
from pipeline.progress.wording import quiet_line
from pipeline.stages import watch as module
from pipeline.stages.watch import Watch


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time in its only element."""
    now = [100.0]
    monkeypatch.setattr("pipeline.stages.watch.time.monotonic", lambda: now[0])
    monkeypatch.setattr(module, "bar", lambda: Display(Board(lambda: now[0])))
    monkeypatch.setattr(module, "TrainingLog", _NoCurves)
    return now


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(module, "say", said.append)
    return said


class _NoCurves:
    def __init__(self, *_: object, **__: object) -> None:
        self.rows: list[Row] = []

    def add(self, row: Row) -> None:
        self.rows.append(row)

    def close(self) -> None:
        pass


def _progress(step: int) -> Progress:
    return Progress(step=step, done=step / 100, seconds=2.0 * step, loss_sum=3.0, loss_steps=4)


def _shown(watch: Watch) -> Task:
    (task,) = watch._display._board._tasks
    return task


def test_it_shows_step_pace_loss_and_score(
    tmp_path: Path, clock: list[float], lines: list[str]
) -> None:
    with Watch("all-fold-0", 100, ("trees",), tmp_path, (1, 2)) as watch:
        for step in range(1, 41):
            watch.step(_progress(step), 0.5)
            if step == 20:
                watch.row(Row(20, 0.7, 0.1, 40.0, 0.25, (0.25,)))
                assert _shown(watch).note == "loss 0.500"
            clock[0] += 2.0
        # 39 steps of two seconds each since the first; 60 are left.
        assert quiet_line([_shown(watch)], clock[0] - 2.0) == (
            "training all-fold-0 (1 of 2): 40 of 100 steps, 2.0 s/step, about 2 min left, "
            "loss 0.500, Jaccard 0.250"
        )
        assert _shown(watch).left == pytest.approx(120)
    assert lines == ["train: all-fold-0, step 20 of 100: loss 0.700, held-out Jaccard 0.250, 40 s"]
    assert watch._display._board._tasks == []


def test_it_says_where_it_continues(tmp_path: Path, clock: list[float], lines: list[str]) -> None:
    with Watch("fold-1", 100, ("trees",), tmp_path) as watch:
        for step in range(31, 61):
            watch.step(_progress(step), 0.5)
            clock[0] += 2.0
        # At the pace of this run: 29 steps in 58 seconds, and 40 are left.
        assert _shown(watch).left == pytest.approx(80)
        assert quiet_line([_shown(watch)], clock[0] - 2.0) == (
            "training fold-1: 60 of 100 steps, 2.0 s/step, about 80 s left, loss 0.500"
        )
    assert lines == ["train: fold-1 continues at step 30 of 100"]


def test_time_that_ends_it_sooner_is_what_is_left(
    tmp_path: Path, clock: list[float], lines: list[str]
) -> None:
    """A tenth of its minutes went by in ten seconds, whatever steps it has."""
    with Watch("fold-0", 10_000, ("trees",), tmp_path) as watch:
        watch.step(Progress(step=1, done=0.0), 0.5)
        clock[0] += 10.0
        watch.step(Progress(step=50, done=0.1), 0.5)
        assert _shown(watch).left == pytest.approx(90)


def test_others_can_read_how_far_it_is(
    tmp_path: Path, clock: list[float], lines: list[str]
) -> None:
    written = []
    with Watch("fold-0", 100, ("trees",), tmp_path) as watch:
        for step in range(1, 16):
            watch.step(_progress(step), 0.5)
            written.append(read_json(tmp_path / "progress.json")["step"])
            clock[0] += 2.0
        assert written == [1] * 5 + [6] * 5 + [11] * 5, "every ten seconds"
        watch.row(Row(15, 0.25, 0.1, 40.0, 0.25, (0.25,)))
        state = {"step": 15, "steps": 100, "loss": 0.25}
        assert read_json(tmp_path / "progress.json") == state


def test_nothing_held_out_names_no_score(
    tmp_path: Path, clock: list[float], lines: list[str]
) -> None:
    Watch("all", 100, ("trees",), tmp_path).row(Row(20, 0.7, 0.1, 40.0, math.nan, (math.nan,)))
    assert lines == ["train: all, step 20 of 100: loss 0.700, 40 s"]
