"""Lines across dimensions."""

import pytest

from pipeline.reporting.chart_style import BEST
from pipeline.reporting.search.axis import Axis
from pipeline.reporting.search.dimension_charts import jitter
from pipeline.reporting.search.parallel import parallel_chart
from tests.reporting.search.drawn import line, points, texts
from tests.reporting.search.made import BUDGETS, entry

AXES = (Axis("kind", ("a", "b", "c")), Axis("rate", log=True), Axis("same"), Axis("some"))
ENTRIES = [
    entry(0, 0, 0.2, {"kind": "a", "rate": 0.001, "same": 1, "some": 10}),
    entry(1, 0, 0.6, {"kind": "c", "rate": 0.1, "same": 1}),
    entry(2, 0, 0.3, {"kind": "b", "rate": 0.01, "same": 1, "some": 20}),
    entry(2, 2, 0.4, {"kind": "b", "rate": 0.01, "same": 1, "some": 20}),
]


def test_a_line_per_trial_through_the_axes_that_vary() -> None:
    axes = parallel_chart(ENTRIES, AXES, BUDGETS).axes[0]
    assert len(axes.get_lines()) == 3
    heights = [y for _, y in points(axes, "trial 2")]
    assert heights == pytest.approx([0.5 + 0.08 * jitter(2), 0.5, 1, 0.5])
    assert [x for x, _ in points(axes, "trial 2")] == [0, 1, 2, 3]
    first = [y for _, y in points(axes, "trial 0")]
    assert first == pytest.approx([0.08 * jitter(0), 0, 0, 0])


def test_a_dimension_that_does_not_apply_is_passed_below() -> None:
    figure = parallel_chart(ENTRIES, AXES, BUDGETS)
    kind, rate, some, score = (y for _, y in points(figure.axes[0], "trial 1"))
    assert (kind, rate, score) == pytest.approx((1 + 0.08 * jitter(1), 1, 1))
    assert some < -0.08
    assert texts(figure).count("not used") == 1


def test_the_best_of_the_largest_budget_is_on_top() -> None:
    """Trial 1 has the highest number, but trial 2 a full training."""
    figure = parallel_chart(ENTRIES, AXES, BUDGETS)
    drawn = figure.axes[0].get_lines()
    assert [line_.get_gid() for line_ in drawn] == ["trial 0", "trial 1", "trial 2"]
    best = line(figure.axes[0], "trial 2")
    assert best.get_color() == BEST
    assert best.get_zorder() > line(figure.axes[0], "trial 1").get_zorder()
    assert "Trial 2 is the best: 0.400; what it shares with others" in texts(figure)


def test_values_are_named_beside_the_axes() -> None:
    shown = texts(parallel_chart(ENTRIES, AXES, BUDGETS))
    assert {"a", "b", "c", "0.001", "0.01", "0.1", "10", "20", "0.200", "0.600"} <= set(shown)
    assert "same" not in shown


def test_nothing_to_compare() -> None:
    assert "No trials to compare yet" in texts(parallel_chart(ENTRIES[:1], AXES, BUDGETS))
