"""Scores against trials and time."""

import pytest

from pipeline.reporting.search.progress_chart import progress_chart
from pipeline.search.entry import Entry
from tests.reporting.search.drawn import line, points, texts
from tests.reporting.search.made import BUDGETS, entry

ENTRIES = [
    entry(0, 0, 0.30, seconds=60),
    entry(0, 1, 0.40, seconds=120),
    entry(0, 2, 0.50, seconds=180),
    entry(1, 0, 0.20, seconds=60),
    entry(2, 0, outcome="failed", seconds=30),
    entry(3, 0, outcome="rejected", seconds=0),
    entry(5, 0, 0.35, seconds=60),
    entry(5, 2, 0.45, seconds=300),
    entry(4, 0, 0.33, seconds=60),
    entry(4, 2, 0.55, seconds=330),
]


def test_points_and_lines_against_trials() -> None:
    axes = progress_chart(ENTRIES, BUDGETS).axes[0]
    assert points(axes, "budget 100") == [(0, 0.3), (1, 0.2), (5, 0.35), (4, 0.33)]
    assert points(axes, "budget 300") == [(0, 0.4)]
    assert points(axes, "budget 900") == [(0, 0.5), (5, 0.45), (4, 0.55)]
    assert points(axes, "best so far") == [(0, 0.5), (4, 0.55), (5, 0.55)]
    assert line(axes, "best so far").get_drawstyle() == "steps-post"
    assert points(axes, "best") == [(4, 0.55)]
    assert [y for _, y in points(axes, "default")] == [0.5, 0.5]
    assert axes.get_ylabel() == "mean Jaccard index of held-out ground"


def test_points_and_lines_against_time() -> None:
    """Minutes add up over all entries, those without a score too, in the ledger's order."""
    figure = progress_chart(ENTRIES, BUDGETS)
    axes = figure.axes[1]
    assert points(axes, "budget 900") == [(6, 0.5), (13.5, 0.45), (20, 0.55)]
    assert points(axes, "best so far") == [(6, 0.5), (20, 0.55), (20, 0.55)]
    assert figure.axes[-1].get_xlabel() == "time of all workers together, minutes"


def test_what_has_no_score_is_marked_and_counted() -> None:
    figure = progress_chart(ENTRIES, BUDGETS)
    assert points(figure.axes[2], "failed") == [(2, 0)]
    assert points(figure.axes[3], "failed") == [(7.5, 0)]
    assert points(figure.axes[4], "rejected") == [(3, 0)]
    shown = texts(figure)
    assert shown.count("1 failed") == 1
    assert shown.count("1 rejected") == 1
    assert "6 trials: 4 scored, 1 failed, 1 rejected before training" in shown


@pytest.mark.parametrize(
    ("entries", "title"),
    [
        (ENTRIES, "Trial 4 is the best: 0.550 after 900 steps, +0.050 against the default"),
        (ENTRIES[:3], "Trial 0, the default, is the best: 0.500 after 900 steps"),
        (ENTRIES[3:4], "Trial 1 is the best: 0.200 after 100 steps; no full training yet"),
        (ENTRIES[1:2] + ENTRIES[-1:], "Trial 4 is the best: 0.550 after 900 steps"),
        (ENTRIES[4:6], "No trial has a score yet"),
        ([], "No trial has a score yet"),
    ],
)
def test_title_says_what_one_sees(entries: list[Entry], title: str) -> None:
    assert title in texts(progress_chart(entries, BUDGETS))


def test_line_of_the_best_takes_the_largest_budget_that_was_reached() -> None:
    figure = progress_chart([entry(0, 0, 0.9), entry(1, 1, 0.4), entry(2, 1, 0.3)], BUDGETS)
    assert points(figure.axes[0], "best so far") == [(1, 0.4), (2, 0.4)]
    assert "best so far after 300 steps" in texts(figure)


def test_without_scores_the_reasons_are_named() -> None:
    entries = [entry(n, outcome="failed", reason="a\nb") for n in range(3)]
    entries.append(entry(3, outcome="rejected", reason="too large"))
    assert "3 x failed: a b\n1 x rejected: too large" in texts(progress_chart(entries, BUDGETS))


def test_trials_have_whole_numbers() -> None:
    axes = progress_chart([entry(0, 2)], BUDGETS).axes[0]
    low, high = axes.get_xlim()
    assert [tick for tick in axes.get_xticks() if low <= tick <= high] == [0]
