"""What entries say of trials."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reporting.search.tally import (
    best_so_far,
    count,
    default_of,
    last_scored,
    minutes_of,
    score_of,
)
from tests.reporting.search.made import entry


def test_last_score_of_a_trial_that_failed_later_is_its_earlier_one() -> None:
    entries = [entry(1, 0, 0.3), entry(0, 0, 0.2), entry(1, 1, 0.4), entry(1, 2, outcome="failed")]
    assert [(e.trial, e.score) for e in last_scored(entries)] == [(0, 0.2), (1, 0.4)]
    assert count(entries).text() == "2 trials: 2 scored, 1 failed"


def test_default_is_taken_where_it_was_trained_longest() -> None:
    entries = [entry(0, 1, 0.3), entry(0, 0, 0.4), entry(1, 2, 0.9)]
    found = default_of(entries)
    assert found is not None
    assert found.budget == 300
    assert default_of([entry(0, outcome="failed"), entry(1)]) is None


def test_minutes_add_up_in_the_ledgers_order() -> None:
    entries = [entry(0, seconds=30), entry(2, outcome="failed", seconds=90), entry(1, seconds=60)]
    assert minutes_of(entries) == [0.5, 2.0, 3.0]


def test_an_entry_without_score_is_named() -> None:
    with pytest.raises(ValueError, match="trial 4 has no score at 100 steps"):
        score_of(entry(4, outcome="failed"))


@given(st.lists(st.tuples(st.floats(0, 9), st.floats(0, 1)), max_size=20))
def test_best_so_far_only_rises_and_ends_at_the_best(points: list[tuple[float, float]]) -> None:
    steps = best_so_far(points)
    scores = [step.score for step in steps]
    assert all(one < other for one, other in itertools.pairwise(scores))
    assert max(scores, default=-math.inf) == max((s for _, s in points), default=-math.inf)
    for step in steps:
        assert step.score > max((s for at, s in points if at < step.at), default=-math.inf)
