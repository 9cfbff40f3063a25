"""What charts of runs hold: dots, whiskers, curves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.reporting.compare.dot_chart import difference_chart, score_chart
from pipeline.reporting.compare.learning_section import Curve, learning_section, mean_curve
from pipeline.reporting.compare.run_style import MOST, run_style
from pipeline.reporting.compare.scored import Ground
from pipeline.reporting.compare.standing import Standing, Value
from pipeline.reporting.page.blocks import Picture

RUNS = ("one", "two")
STYLES = {run: run_style(place) for place, run in enumerate(RUNS)}
GROUND = Ground(("a", "b"), ("road", "<b>$x$</b>"))


def row(run: str, *values: Value) -> Standing:
    return Standing(run, GROUND, dict(zip(GROUND.classes, values, strict=True)), values[0])


def dots(figure: Figure, run: str) -> list[tuple[float, bool]]:
    """Value of each dot of a run, from the top, and whether it is filled."""
    (axes,) = figure.axes
    lines = [line for line in axes.get_lines() if line.get_gid() == f"dot {run}"]
    return [
        (float(np.asarray(line.get_xdata())[0]), line.get_markerfacecolor() == STYLES[run].colour)
        for line in lines
    ]


def test_scores_have_a_dot_per_class_and_one_for_the_mean() -> None:
    one = row("one", Value(0.5, (0.4, 0.6)), Value(0.2))
    two = row("two", Value(0.7, (0.6, 0.8)), Value(None))
    figure = score_chart([one, two], STYLES, "title", "note")
    assert dots(figure, "one") == [(0.5, True), (0.2, True), (0.5, True)]
    assert dots(figure, "two") == [(0.7, True), (0.7, True)]
    (axes,) = figure.axes
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert labels == ["road", "<b>$x$</b>", "mean"]
    assert _whiskers(axes) == [(0.4, 0.6), (0.4, 0.6), (0.6, 0.8), (0.6, 0.8)]


def _whiskers(axes: Axes) -> list[tuple[float, float]]:
    paths = [np.asarray(path.vertices) for line in axes.collections for path in line.get_paths()]
    return [(float(points[0, 0]), float(points[1, 0])) for points in paths]


def test_differences_that_chance_may_explain_are_hollow() -> None:
    better, same = Value(0.2, (0.1, 0.3)), Value(0.0, (0.0, 0.0))
    unsure = Value(-0.1, (-0.3, 0.1))
    figure = difference_chart(
        [row("one", better, unsure), row("two", same, better)], STYLES, "title", "note"
    )
    assert dots(figure, "one") == [(0.2, True), (-0.1, False), (0.2, True)]
    assert dots(figure, "two") == [(0.0, False), (0.2, True), (0.0, False)]
    low, high = figure.axes[0].get_xlim()
    assert low == -high
    assert high >= 0.3


def test_runs_differ_in_colour_and_marker() -> None:
    styles = [run_style(place) for place in range(MOST)]
    assert len({style.colour for style in styles}) == MOST
    assert len({style.marker for style in styles}) == MOST


def test_mean_curve_by_hand() -> None:
    """Both go straight from 10 to 30; the longer one's first and last step are its alone."""
    one = [(10, 0.0), (20, 0.2), (30, 0.4)]
    two = [(5, 0.0), (15, 0.4), (40, 0.4)]
    found = mean_curve([one, two])
    assert [step for step, _ in found] == [10, 15, 20, 30]
    assert [value for _, value in found] == pytest.approx([0.1, 0.25, 0.3, 0.4])


@pytest.mark.parametrize("curves", [[], [[]], [[(1, 0.5)], [(2, 0.5)]]])
def test_no_mean_curve(curves: Sequence[Sequence[tuple[int, float]]]) -> None:
    assert mean_curve(curves) == []


def test_learning_says_which_runs_share_their_trainings() -> None:
    curve = [(1, 0.1), (2, 0.2)]
    curves: dict[str, list[Curve]] = {"one": [curve], "two": [[*curve]], "none": [[]]}
    section = learning_section(curves, STYLES)
    assert section is not None
    (picture,) = section.blocks
    assert isinstance(picture, Picture)
    assert b"one, two" in picture.data
    assert b"none" not in picture.data.replace(b'"none"', b"").replace(b": none", b"")
    assert learning_section({"none": [[]]}, STYLES) is None
