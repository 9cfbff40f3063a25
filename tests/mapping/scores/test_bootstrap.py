"""Intervals over scenes."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.mapping.jaccard import Absent
from pipeline.mapping.scores import bootstrap
from pipeline.mapping.scores.bootstrap import Interval


def scene(tp: list[int], fp: list[int], fn: list[int]) -> NDArray[np.float64]:
    return np.array([tp, fp, fn], np.float64)


def intervals(scenes: list[NDArray[np.float64]], absent: Absent) -> tuple[list[Interval], Interval]:
    return bootstrap.intervals(np.array(scenes), absent)


def test_equal_scenes_have_no_spread() -> None:
    classes, mean = intervals([scene([3, 0], [1, 0], [0, 2])] * 5, "zero")
    assert classes == [(0.75, 0.75), (0.0, 0.0)]
    assert mean == (0.375, 0.375)


def test_two_scenes_by_hand() -> None:
    """Draws are (a, a), (a, b) and (b, b): Jaccard 1, 1/2 and 0, a quarter of them at each end."""
    (found,), mean = intervals([scene([4], [0], [0]), scene([0], [4], [0])], "zero")
    assert found == mean == (0.0, 1.0)


def test_a_class_that_some_draws_lack() -> None:
    """Scene b has none of the class: without it, J is 1; with b alone, as the rule says."""
    scenes = [scene([4], [0], [0]), scene([0], [0], [0])]
    assert intervals(scenes, "zero")[0] == [(0.0, 1.0)]
    assert intervals(scenes, "one")[0] == [(1.0, 1.0)]
    assert intervals(scenes, "skip")[0] == [(1.0, 1.0)]
    assert intervals(scenes[1:], "skip") == ([(0.0, 0.0)], (0.0, 0.0))


def test_repeats_exactly() -> None:
    scenes = [scene([i], [1], [i % 3]) for i in range(1, 8)]
    assert intervals(scenes, "zero") == intervals(scenes, "zero")
    low, high = intervals(scenes, "zero")[1]
    assert low < sum(range(1, 8)) / (28 + 7 + 7) < high
    assert high - low == pytest.approx(0.2, abs=0.15)


def test_differences_of_two_scenes_by_hand() -> None:
    """Draws (a, a), (a, b) and (b, b): 1 - 1/2, 3/4 - 2/4 and 1/2 - 1/2; a quarter at each end."""
    one = np.array([scene([1], [0], [1]), scene([1], [0], [1])])
    other = np.array([scene([2], [0], [0]), scene([1], [0], [1])])
    (found,), mean = bootstrap.paired_intervals(one, other, "zero")
    assert found == mean == (0.0, 0.5)


def test_what_scenes_have_in_common_is_no_part_of_a_difference() -> None:
    """An easy scene and a hard one: both predictions vary much, their difference not at all."""
    one = np.array([scene([8], [1], [1]), scene([2], [4], [4])])
    other = np.array([scene([9], [1], [0]), scene([3], [4], [3])])
    assert bootstrap.intervals(one, "zero")[1] == (0.2, 0.8)
    assert bootstrap.intervals(other, "zero")[1] == (0.3, 0.9)
    (found,), mean = bootstrap.paired_intervals(one, other, "zero")
    assert found == pytest.approx((0.1, 0.1))
    assert mean == pytest.approx((0.1, 0.1))


def test_differences_where_a_class_is_skipped() -> None:
    """The second class is nowhere: it has no difference, and the mean is the first one's."""
    one = np.array([scene([1, 0], [1, 0], [0, 0])])
    other = np.array([scene([1, 0], [0, 0], [0, 0])])
    assert bootstrap.paired_intervals(one, other, "skip") == ([(0.5, 0.5), (0.0, 0.0)], (0.5, 0.5))
    assert bootstrap.paired_intervals(one[:0], other[:0], "zero")[1] == (0.0, 0.0)


def test_differences_turn_round_with_the_order() -> None:
    one = np.array([scene([i], [1], [i % 3]) for i in range(1, 8)])
    other = np.array([scene([i], [i % 2], [1]) for i in range(1, 8)])
    low, high = bootstrap.paired_intervals(one, other, "zero")[1]
    assert bootstrap.paired_intervals(other, one, "zero")[1] == pytest.approx((-high, -low))
