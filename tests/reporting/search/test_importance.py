"""Which dimension matters."""

import itertools
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reporting.search.axis import Axis
from pipeline.reporting.search.importance import FEWEST, importances, share_between
from pipeline.search.entry import Entry
from tests.reporting.search.made import entry

AXES = (Axis("decides", log=True), Axis("kind", ("a", "b")), Axis("idle"), Axis("only_a"))


def _entries(count: int, seed: int = 0) -> list[Entry]:
    """The score is that of ``decides`` with a little noise; ``only_a`` applies to kind a."""
    random_ = random.Random(seed)
    found = []
    for trial in range(count):
        params: dict[str, Any] = {
            "decides": 10 ** random_.uniform(-4, -1),
            "idle": random_.random(),
        }
        params["kind"] = random_.choice("ab")
        if params["kind"] == "a":
            params["only_a"] = random_.random()
        score = 0.2 + 2 * params["decides"] + random_.gauss(0, 0.001)
        found.append(entry(trial, 0, score, params))
    return found


def test_share_between_groups_by_hand() -> None:
    """1 2 3 4 in pairs: 4 of 5 lie between; less chance, 1 - 0.2 * 3 / 2 = 0.7."""
    ranks = np.array([[1.0, 2, 3, 4], [1, 4, 2, 3], [1, 1, 1, 1]])
    shares = share_between(ranks, np.array([0.0, 0, 1, 1]))
    assert shares == pytest.approx([0.7, -0.5, 0])


def test_share_of_one_group_or_of_single_members_is_none() -> None:
    ranks = np.array([[1.0, 2, 3], [1, 2, 3]])
    groups = np.array([[0.0, 0, 0], [0, 1, 2]])
    assert list(share_between(ranks, groups)) == [0, 0]


@given(st.lists(st.integers(0, 2), min_size=4, max_size=6))
def test_chance_is_taken_away(groups: list[int]) -> None:
    """The mean over all orders is 0, whatever the groups."""
    ranks = np.array(list(itertools.permutations(range(len(groups)))), dtype=float)
    shares = share_between(ranks, np.array(groups, dtype=float))
    assert shares.mean() == pytest.approx(0, abs=1e-9)
    assert (shares.std() > 0) == (len(set(groups)) > 1)


def test_one_dimension_decides() -> None:
    first, *others = importances(_entries(60), AXES)
    assert first.name == "decides"
    assert first.value is not None
    assert first.value > 0.85
    assert first.shown
    assert not any(row.shown for row in others)
    for row in (first, *others):
        assert row.value is not None
        assert row.low is not None
        assert row.high is not None
        assert 0 <= row.low <= row.value <= row.high <= 1


def test_no_dimension_of_nothing_is_shown_in_most_searches() -> None:
    """Scores without any reason: one of twenty searches at most may show one."""
    shown = 0
    for seed in range(40):
        random_ = random.Random(seed)
        entries = [entry(e.trial, 0, random_.random(), e.params) for e in _entries(30, seed)]
        shown += any(row.shown for row in importances(entries, AXES))
    assert shown <= 5, "6 or more of 40 happen in 1 of 70 at 1 in 20"


def test_only_trials_that_a_dimension_applies_to_count() -> None:
    entries = _entries(60)
    row = next(row for row in importances(entries, AXES) if row.name == "only_a")
    assert row.count == sum(e.params["kind"] == "a" for e in entries)
    assert row.value is not None


def test_too_few_trials_have_no_answer() -> None:
    few = importances(_entries(FEWEST - 1), AXES)
    assert {(row.value, row.low, row.high, row.chance) for row in few} == {(None,) * 4}
    assert {row.name: row.count for row in few}["decides"] == FEWEST - 1
    some = {row.name: row.value for row in importances(_entries(FEWEST), AXES)}
    assert some["decides"] is not None
    assert some["only_a"] is None
    many_options = Axis("kind", tuple("ab"))
    same = [entry(n, 0, 0.1 * n, {"kind": "a"}) for n in range(20)]
    assert importances(same, [many_options])[0].value is None, "one option tells nothing"


def test_one_budget_at_a_time() -> None:
    """What is scored elsewhere, failed or refused does not count."""
    entries = _entries(20)
    more = [entry(e.trial, 1, 0.9, e.params) for e in entries[:5]]
    more += [entry(50, 0, None, entries[0].params, "failed")]
    assert importances([*more, *entries], AXES) == importances(entries, AXES)
    assert importances([*more, *entries], AXES, rung=1)[0].count == 5


def test_equal_scores_explain_nothing() -> None:
    rows = importances([entry(e.trial, 0, 0.4, e.params) for e in _entries(30)], AXES)
    assert {row.value for row in rows} <= {0.0, None}
    assert not any(row.shown for row in rows)


def test_order_of_entries_and_broken_scores_change_nothing() -> None:
    """Ranks: a score of -1000 in place of the lowest is the same."""
    entries = _entries(40)
    lowest = min(entries, key=lambda e: e.score or 0)
    broken = [entry(e.trial, 0, -1000 if e is lowest else e.score, e.params) for e in entries]
    assert importances(entries[::-1], AXES) == importances(entries, AXES)
    assert importances(broken, AXES) == importances(entries, AXES)
