"""The best trial beside the default by class."""

from pipeline.reporting.search.class_chart import class_chart
from tests.reporting.search.drawn import points, texts
from tests.reporting.search.made import BUDGETS, entry

NAMES = {"3": "roads", "1": "buildings", "7": "water", "9": "not asked"}
ENTRIES = [
    entry(0, 0, 0.2, classes={"1": 0.1, "3": 0.3, "7": None}),
    entry(0, 1, 0.3, classes={"1": 0.2, "3": 0.4, "7": None}),
    entry(1, 1, 0.4, classes={"1": 0.5, "3": 0.3, "7": None}),
]


def test_points_of_both_at_the_same_budget() -> None:
    figure = class_chart(ENTRIES, BUDGETS, NAMES)
    axes = figure.axes[0]
    assert points(axes, "trial 1") == [(0.3, 0), (0.5, 1)]
    assert points(axes, "trial 0") == [(0.4, 0), (0.2, 1)]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["roads", "buildings", "water"]
    shown = texts(figure)
    assert {"trial 1, after 300 steps", "the default, after 300 steps"} <= set(shown)
    assert "  not in the held-out ground" in shown


def test_the_default_alone() -> None:
    figure = class_chart(ENTRIES[:2], BUDGETS, NAMES)
    assert len(figure.axes[0].get_lines()) == 1
    assert "Trial 0 class by class" in texts(figure)


def test_no_scores() -> None:
    assert "No class has a score yet" in texts(class_chart([], BUDGETS, NAMES))
