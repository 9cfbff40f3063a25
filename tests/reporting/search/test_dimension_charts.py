"""Dimensions against the score."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import LineCollection

from pipeline.reporting.search.axis import Axis
from pipeline.reporting.search.dimension_charts import dimension_charts, jitter
from tests.reporting.search.drawn import points, texts
from tests.reporting.search.made import BUDGETS, entry

AXES = (
    Axis("kind", ("a", "b")),
    Axis("same", ("x", "y")),
    Axis("rate", log=True),
    Axis("width"),
)
ENTRIES = [
    entry(0, 0, 0.1, {"kind": "a", "same": "x", "rate": 0.001, "width": 8}),
    entry(0, 1, 0.2, {"kind": "a", "same": "x", "rate": 0.001, "width": 8}),
    entry(1, 0, 0.3, {"kind": "b", "same": "x", "rate": 0.1}),
    entry(2, 0, 0.5, {"kind": "b", "same": "x", "rate": 0.01}),
    entry(3, 0, 0.4, {"kind": "b", "same": "x", "rate": 0.02, "width": 16}),
    entry(4, 0, None, {"kind": "a", "same": "y", "rate": 0.5, "width": 24}, "failed"),
]


def test_one_chart_per_dimension_that_varies_among_scores() -> None:
    figure = dimension_charts(ENTRIES, AXES, BUDGETS)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["kind", "rate", "width  (2 of 4)"]
    assert [axes.get_xscale() for axes in figure.axes] == ["linear", "log", "linear"]


def test_each_trial_is_one_point_at_its_largest_budget() -> None:
    _, rate, width = dimension_charts(ENTRIES, AXES, BUDGETS).axes
    assert points(rate, "budget 100") == [(0.1, 0.3), (0.01, 0.5), (0.02, 0.4)]
    assert points(rate, "budget 300") == [(0.001, 0.2)]
    assert points(rate, "budget 900") == []
    assert points(width, "budget 100") == [(16, 0.4)]


def test_options_have_their_median_and_are_spread() -> None:
    kind = dimension_charts(ENTRIES, AXES, BUDGETS).axes[0]
    (bars,) = (c for c in kind.collections if isinstance(c, LineCollection))
    ends = [[tuple(map(float, point)) for point in part] for part in bars.get_segments()]
    assert ends[0] == [pytest.approx((-0.36, 0.2)), pytest.approx((0.36, 0.2))]
    assert ends[1] == [pytest.approx((0.64, 0.4)), pytest.approx((1.36, 0.4))]
    assert [x for x, _ in points(kind, "budget 100")] == [1 + jitter(n) for n in (1, 2, 3)]
    assert [label.get_text() for label in kind.get_xticklabels()] == ["a", "b"]


@given(st.integers(0, 10_000))
def test_points_of_an_option_stay_beside_it(trial: int) -> None:
    assert abs(jitter(trial)) <= 0.25
    assert abs(jitter(trial) - jitter(trial + 1)) > 0.1


def test_legend_names_the_budgets_that_are_drawn() -> None:
    shown = texts(dimension_charts(ENTRIES, AXES, BUDGETS))
    assert "100 steps" in shown
    assert "300 steps" in shown
    assert not any(text.startswith("900 steps") for text in shown)


def test_one_trial_is_nothing_to_compare() -> None:
    assert "No dimension to compare scores by" in texts(
        dimension_charts(ENTRIES[:2], AXES, BUDGETS)
    )
