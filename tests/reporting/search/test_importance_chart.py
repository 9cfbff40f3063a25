"""The importance as bars."""

import pytest
from matplotlib.patches import Rectangle

from pipeline.reporting.search.importance import Importance
from pipeline.reporting.search.importance_chart import importance_chart
from tests.reporting.search.drawn import texts

ROWS = [
    Importance("network.depth", 0.5, 0.4, 0.7, 0.2, 40),
    Importance("train.rate", 0.1, 0.0, 0.3, 0.2, 40),
    Importance("network.width", None, None, None, None, 5),
]


def test_bars_are_per_cent_and_strong_where_they_are_no_chance() -> None:
    axes = importance_chart(ROWS, 100).axes[0]
    bars = {bar.get_gid(): bar for bar in axes.patches if isinstance(bar, Rectangle)}
    assert {name: bar.get_width() for name, bar in bars.items()} == {
        "network.depth": 50,
        "train.rate": pytest.approx(10),
    }
    assert bars["network.depth"].get_facecolor() != bars["train.rate"].get_facecolor()
    assert [label.get_text() for label in axes.get_yticklabels()] == [row.name for row in ROWS]


def test_texts() -> None:
    shown = texts(importance_chart(ROWS, 100))
    assert "network.depth matters most" in shown
    assert "too few trials (5) or values to tell" in shown
    assert shown.count("40 trials") == 2
    assert "share explained, %" in shown
    assert any("40 scores after 100 steps" in text for text in shown)


def test_without_an_answer_it_says_so() -> None:
    shown = texts(importance_chart(ROWS[2:], 100))
    assert shown[0] == "Too few trials to tell which dimension matters" or (
        "Too few trials to tell which dimension matters" in shown
    )
    assert "5 trials have a score after 100 steps; at least 12 are needed" in shown
    assert "No dimension matters more than chance" in texts(importance_chart(ROWS[1:], 100))
