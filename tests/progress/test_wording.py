"""Lines of progress: right figures, never wider than the terminal, nothing that it would obey."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from pipeline.progress.pace import Pace
from pipeline.progress.task import Task
from pipeline.progress.wording import bar_lines, in_words, printable, quiet_line, rate, spent


def _task(what: str = "predicting scenes", note: str = "", unit: str = "scene") -> Task:
    """12 of 40, one in 0.8 seconds; began at 0, it is 9.6 now."""
    task = Task(what, 40, unit, note, visible=True, since=0.0, pace=Pace(0.0))
    for number in range(1, 13):
        task.done = number
        task.pace.add(0.8 * number, number)
    return task


def _lines(task: Task, width: int) -> list[str]:
    return [line.plain for line in bar_lines(task, 9.6, width)]


def test_a_line_says_what_how_far_how_fast_and_how_long_still() -> None:
    (line,) = _lines(_task(), 80)
    assert line.startswith("predicting scenes  ━━━")
    assert line.endswith("──  12/40  0.8 s/scene  0:09  0:22 left")


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (120, [" 12/40  0.8 s/step  0:09  0:22 left  loss 0.412, Jaccard 0.310"]),
        (80, [" 12/40  0.8 s/step  0:09  0:22 left", "  loss 0.412, Jaccard 0.310"]),
        (66, ["  12/40  0:09  0:22 left", "  loss 0.412, Jaccard 0.310"]),
        (24, ["trai…  12/40  0:22 left", "  loss 0.412, Jaccard …"]),
    ],
)
def test_what_is_worth_least_is_left_out_where_it_is_narrow(width: int, lines: list[str]) -> None:
    task = _task("training all-fold-1 (2 of 2)", "loss 0.412, Jaccard 0.310", "step")
    found = _lines(task, width)
    assert found[1:] == lines[1:]
    assert found[0].endswith(lines[0])


def test_what_has_no_known_end_has_no_bar() -> None:
    task = _task()
    task.total = None
    assert _lines(task, 80) == ["predicting scenes  12  0.8 s/scene  0:09"]


@given(
    what=st.text(max_size=80),
    note=st.text(max_size=80),
    width=st.integers(2, 150),
    done=st.integers(0, 10**7),
)
def test_no_line_is_wider_than_the_terminal_whatever_names_hold(
    what: str, note: str, width: int, done: int
) -> None:
    task = _task(what, note)
    task.done = done
    lines = _lines(task, width)
    assert 1 <= len(lines) <= 2
    for line in lines:
        assert cell_len(line) < width
        assert line.isprintable()


def test_a_line_of_a_log() -> None:
    task = _task("predict")
    assert quiet_line([task], 9.6) == "predict: 12 of 40 scenes, 0.8 s/scene, about 22 s left"
    inner = Task("all: a\x1b[2J", 100, "", "", visible=True, since=9.0, pace=Pace(9.0), done=3)
    assert quiet_line([task, inner], 9.6).endswith(" left, now all: a?[2J: 3/100")
    trained = _task("training all-fold-1 (2 of 2)", "loss 0.412", "step")
    assert quiet_line([trained], 9.6) == (
        "training all-fold-1 (2 of 2): 12 of 40 steps, 0.8 s/step, about 22 s left, loss 0.412"
    )


@pytest.mark.parametrize(
    ("seconds", "clock", "words"),
    [
        (0.84, "0:00", "0.8 s"),
        (22, "0:22", "22 s"),
        (119.4, "1:59", "119 s"),
        (119.6, "1:59", "2 min"),
        (3900, "1:05:00", "1 h 5 min"),
        (3595, "59:55", "1 h 0 min"),
    ],
)
def test_times(seconds: float, clock: str, words: str) -> None:
    assert spent(seconds) == clock
    assert in_words(seconds) == words


@pytest.mark.parametrize(
    ("each", "unit", "text"),
    [
        (None, "scene", ""),
        (0.0, "scene", ""),
        (0.8, "", "0.8 s each"),
        (90.0, "scene", "90 s/scene"),
        (0.08, "step", "12.5 steps/s"),
        (0.08, "", "12.5/s"),
        (0.001, "", "1000/s"),
    ],
)
def test_rates(each: float | None, unit: str, text: str) -> None:
    assert rate(each, unit) == text


def test_control_characters_are_shown_as_question_marks() -> None:
    assert printable("a\x1b]0;title\x07b\u202ec\nd") == "a?]0;title?b?c\nd"
