"""Which trial goes on, and what the estimators are told: all worked out by hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.search.entry import Entry
from pipeline.search.halving import (
    best,
    last_steps,
    leaders,
    observations,
    promotions,
    seconds_per_step,
)
from tests.search.entries import entry

BUDGETS = (1, 3, 9)


def test_one_of_three_goes_on() -> None:
    two = [entry(0, 1, 0.5), entry(1, 1, 0.7)]
    assert not promotions(two, [], BUDGETS, 3)
    three = [*two, entry(2, 1, 0.6)]
    assert promotions(three, [], BUDGETS, 3)[0] == (1, 3)
    assert not promotions(three, [(1, 3)], BUDGETS, 3), "it runs"
    assert not promotions([*three, entry(1, 3, 0.8)], [], BUDGETS, 3), "it has gone on"


def test_larger_budgets_come_first() -> None:
    low = [entry(n, 1, 0.1 * n) for n in range(9)]
    middle = [entry(n, 3, 0.1 * n) for n in (8, 7, 6)]
    assert promotions([*low, *middle], [], BUDGETS, 3)[0] == (8, 9)


def test_trials_that_broke_count_for_their_rung_and_never_go_on() -> None:
    entries = [entry(0, 1), entry(1, 1), entry(2, 1, 0.1)]
    assert promotions(entries, [], BUDGETS, 3)[0] == (2, 3)
    assert not promotions([entry(n, 1) for n in range(3)], [], BUDGETS, 3)


def test_refused_trials_take_no_place_in_a_rung() -> None:
    refused = [entry(n, 1, outcome="rejected") for n in range(2, 9)]
    assert not promotions([entry(0, 1, 0.2), entry(1, 1, 0.1), *refused], [], BUDGETS, 3)


def test_of_equal_trials_the_earlier_goes_on() -> None:
    entries = [entry(2, 1, 0.5), entry(0, 1, 0.5), entry(1, 1, 0.5)]
    assert promotions(entries, [], BUDGETS, 3)[0] == (0, 3)


def test_a_search_that_ends_reaches_one_full_training() -> None:
    low = [entry(0, 1, 0.5), entry(1, 1, 0.7)]
    assert last_steps(low, [], BUDGETS)[0] == (1, 3)
    assert last_steps([*low, entry(1, 3, 0.6)], [], BUDGETS)[0] == (1, 9)
    assert last_steps([*low, entry(1, 3)], [], BUDGETS)[0] == (0, 3), (
        "it broke, the next one is tried"
    )
    assert not last_steps([*low, entry(1, 3, 0.6), entry(1, 9, 0.6)], [], BUDGETS)
    assert not last_steps([*low, entry(1, 3, 0.6)], [(1, 9)], BUDGETS)


def test_best_is_of_the_largest_budget() -> None:
    entries = [entry(0, 1, 0.9), entry(1, 1, 0.5), entry(1, 3, 0.6), entry(2, 9)]
    found = best(entries, BUDGETS)
    assert found is not None
    assert (found.trial, found.budget) == (1, 3)
    assert best([entry(2, 9)], BUDGETS) is None


def test_leaders_stand_once_each_at_their_largest_budget() -> None:
    entries = [entry(0, 1, 0.9), entry(1, 1, 0.5), entry(2, 1, 0.95), entry(1, 3, 0.6)]
    assert [(e.trial, e.budget) for e in leaders(entries, BUDGETS, 2)] == [(1, 3), (2, 1)]


def test_estimators_are_told_who_beats_whom_on_common_budgets() -> None:
    entries = [
        entry(0, 1, 0.3, {"x": 0}),
        entry(1, 1, 0.2, {"x": 1}),
        entry(2, 1, None, {"x": 2}),
        entry(0, 3, 0.4, {"x": 0}),
        entry(3, 1, None, {"x": 3}, outcome="rejected"),
        entry(4, 1, 0.25, {"x": 4}),
        entry(4, 3, 0.5, {"x": 4}),
        entry(5, 1, 0.1, {"x": 5}),
        entry(5, 3, None, {"x": 5}),
    ]
    # 0 beats 1, and 4 on one step but not on three; 4 beats both; 5 broke later.
    assert observations(entries) == [
        ({"x": 0}, 0.5),
        ({"x": 1}, 0.0),
        ({"x": 2}, None),
        ({"x": 3}, None),
        ({"x": 4}, 1.0),
        ({"x": 5}, None),
    ]
    assert observations(entries[:1]) == [({"x": 0}, 0.5)]


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_on_one_budget_the_order_is_that_of_the_scores(scores: list[float]) -> None:
    told = observations([entry(n, 1, score) for n, score in enumerate(scores)])
    shares = [share for _, share in told if share is not None]
    for one in range(len(scores)):
        for two in range(len(scores)):
            assert (scores[one] < scores[two]) == (shares[one] < shares[two])


def test_seconds_per_step_cover_all_rungs() -> None:
    entries = [entry(0, 1, 0.1, seconds=2), entry(0, 3, 0.1, seconds=4), entry(1, 1, seconds=9)]
    assert seconds_per_step(entries) == {0: 2.0}


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=40))
def test_halving_ends_with_geometric_rungs(scores: list[float | None]) -> None:
    """Promoting until nothing is left leaves at most a third of each rung in the next one."""
    entries: list[Entry] = [entry(n, 1, score) for n, score in enumerate(scores)]
    while found := promotions(entries, [], BUDGETS, 3):
        place = trial, budget = found[0]
        assert all((e.trial, e.budget) != place for e in entries)
        entries.append(entry(trial, budget, scores[trial]))
    counts = [sum(e.budget == budget for e in entries) for budget in BUDGETS]
    assert counts[1] <= counts[0] // 3
    assert counts[2] <= counts[1] // 3
    scored = sorted((s for s in scores if s is not None), reverse=True)
    assert counts[1] == min(len(scores) // 3, len(scored))
