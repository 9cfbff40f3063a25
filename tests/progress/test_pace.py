"""The pace is that of the work that is still to do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.progress.pace import Pace


def test_nobody_knows_before_the_first_is_done() -> None:
    pace = Pace(10.0)
    assert pace.each(25.0) is None
    pace.add(25.0, 0)
    assert pace.each(25.0) is None


def test_what_was_there_already_says_nothing_about_the_rest() -> None:
    pace = Pace(0.0)
    for number in range(1, 31):  # 30 scenes of an earlier command pass in a tenth of a second
        pace.add(number / 300, number)
    for number in range(1, 4):
        pace.add(0.1 + 5.0 * number, 30 + number)
    assert pace.each(15.1) == pytest.approx(5.0)


def test_old_samples_are_forgotten() -> None:
    pace = Pace(0.0)
    for number in range(1, 101):  # two a second at first, then one in two seconds
        pace.add(number / 2, number)
    for number in range(1, 51):
        pace.add(50 + 2.0 * number, 100 + number)
    assert pace.each(150.0) == pytest.approx(2.0)


def test_a_late_one_slows_the_pace() -> None:
    pace = Pace(0.0)
    pace.add(4.0, 1)
    assert pace.each(8.0) == pytest.approx(4.0)  # the next is due now
    assert pace.each(20.0) == pytest.approx(16.0)


@given(each=st.floats(1e-4, 1e3), count=st.integers(3, 400))
def test_a_steady_pace_is_told_whatever_it_is(each: float, count: int) -> None:
    pace = Pace(7.0)
    for number in range(1, count + 1):
        pace.add(7.0 + each * number, number)
    assert pace.each(7.0 + each * count) == pytest.approx(each, rel=1e-6)
