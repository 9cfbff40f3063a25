"""What is said of a training where there is no terminal."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from pipeline.learning.history import Progress, Row
from pipeline.stages import watch as module
from pipeline.stages.watch import Watch


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time in its only element."""
    now = [100.0]
    monkeypatch.setattr("pipeline.stages.watch.time.monotonic", lambda: now[0])
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


def test_a_line_every_half_minute_between_validations(
    tmp_path: Path, clock: list[float], lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "Curves", _NoCurves)
    with Watch("fold-0", 100, ("trees",), tmp_path) as watch:
        for step in range(1, 41):
            watch.step(_progress(step), 0.5)
            if step == 20:
                watch.row(Row(20, 0.7, 0.1, 40.0, 0.25, (0.25,)))
            clock[0] += 2.0
    assert lines == [
        # 15 steps of two seconds each since the first; 84 are left.
        "train: fold-0, step 16 of 100: loss 0.750, 32 s, about 168 s left",
        "train: fold-0, step 20 of 100: loss 0.700, held-out Jaccard 0.250, 40 s",
        "train: fold-0, step 35 of 100: loss 0.750, 70 s, about 130 s left",
    ]


def test_it_says_where_it_continues(tmp_path: Path, clock: list[float], lines: list[str]) -> None:
    with Watch("fold-1", 100, ("trees",), tmp_path) as watch:
        for step in range(31, 61):
            watch.step(_progress(step), 0.5)
            clock[0] += 2.0
    assert lines == [
        "train: fold-1 continues at step 30 of 100",
        # At the pace of this run: 15 steps in 30 seconds, and 54 are left.
        "train: fold-1, step 46 of 100: loss 0.750, 92 s, about 108 s left",
    ]


def test_a_terminal_has_its_bar_and_no_lines(
    tmp_path: Path, clock: list[float], lines: list[str]
) -> None:
    watch = Watch("fold-0", 100, ("trees",), tmp_path)
    watch._display.disable = False
    for step in range(1, 41):
        watch.step(_progress(step), 0.5)
        clock[0] += 2.0
    assert lines == []
    assert watch._display.tasks[0].completed == 40


def test_nothing_held_out_names_no_score(
    tmp_path: Path, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "Curves", _NoCurves)
    Watch("all", 100, ("trees",), tmp_path).row(Row(20, 0.7, 0.1, 40.0, math.nan, (math.nan,)))
    assert lines == ["train: all, step 20 of 100: loss 0.700, 40 s"]
