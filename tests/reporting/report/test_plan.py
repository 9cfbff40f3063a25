"""What sampling does to the shares of classes, by hand; its charts are legible."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from pipeline.config.augment import Augment, Enrichment
from pipeline.config.dataset import ClassRow
from pipeline.learning.plan import Plan
from pipeline.reporting.page.blocks import Group, Picture, Section, Table, Text
from pipeline.reporting.report import plan as module
from pipeline.reporting.report.draw_chart import draw_chart
from pipeline.reporting.report.plan import FoldRecord, Sheet, plan_section
from pipeline.reporting.report.sampling_plan import (
    DrawMap,
    SamplingPlan,
    draw_maps,
    ground_shares,
)
from pipeline.reporting.report.shares_chart import Shares, fold_chart, oversampling_chart
from tests.reporting.search.drawn import collisions, points, texts

CLASSES = (
    ClassRow(code=3, name="Roads & <b>", colour="#777777"),
    ClassRow(code=7, name="Water", colour="#3366cc"),
)
PLAN = Plan(
    scenes=np.array([0, 0, 1]),
    corners=np.array([[0, 0], [0, 16], [-8, -4]]),
    weights=np.array([0.5, 0.25, 0.25]),
    counts=np.array([[10, 0, 100], [20, 40, 200], [0, 0, 100]]),
    names=("6010_0_0", "<script>"),
)
"""Drawn: 0.5 * 10 + 0.25 * 20 = 10 of road and 10 of water in 0.5 * 100 + 0.25 * 300 = 125."""
SETTINGS = Augment(patch=32, stride=16, same_place=(("6010", "6020"),))


def _plan(model: str = "all", rare: float = 0.5, codes: tuple[int, ...] = (3, 7)) -> SamplingPlan:
    settings = SETTINGS.model_copy(update={"rare": rare, "enrich": Enrichment(tint=0.05)})
    return SamplingPlan(model, codes, PLAN, settings, 2.5)


def test_shares_of_what_is_drawn() -> None:
    assert _plan().drawn() == {3: pytest.approx(0.08), 7: pytest.approx(0.08)}


def test_maps_by_hand() -> None:
    """Even drawing goes by valid area: 100, 200 and 100 of 400."""
    one, two = draw_maps(PLAN, 32)
    assert (one.scene, one.size) == ("6010_0_0", (32, 48))
    assert one.factor.shape == (32, 48)
    np.testing.assert_allclose(one.factor[:, :16], 0.5 / 0.25)
    np.testing.assert_allclose(one.factor[:, 16:32], 0.75 / 0.75)
    np.testing.assert_allclose(one.factor[:, 32:], 0.25 / 0.5)
    assert two.size == (32, 32)  # smaller than a window: it lies in its middle
    np.testing.assert_allclose(two.factor, 1)


def test_maps_of_large_scenes_are_coarse() -> None:
    corners = np.array([[0, 0], [4000, 992]])
    plan = Plan(
        np.zeros(2, np.int64), corners, np.array([0.75, 0.25]), np.ones((2, 2), np.int64), ("a",)
    )
    (one,) = draw_maps(plan, 32)
    assert one.size == (4032, 1024)
    assert max(one.factor.shape) <= 64
    assert math.isnan(one.factor[-1, 0])
    assert one.factor[0, 0] == 1.5
    assert one.factor[-1, -1] == 0.5


def test_shares_of_the_ground_by_hand() -> None:
    records: list[dict[str, Any]] = [
        {"shape": [10, 10], "metres": 2.0, "labels": {"3": {"share": 0.5}, "7": {"share": 0}}},
        {"shape": [20, 10], "metres": 1.0, "labels": {"3": {"share": 0.25}}},
        {"shape": [99, 99], "metres": 9.0, "labels": None},
        {"id": "unused"},
    ]
    assert ground_shares(records, (3, 7)) == {3: pytest.approx(250 / 600), 7: 0}
    assert ground_shares([], (3,)) == {3: 0}


def test_oversampling_is_drawn_by_hand() -> None:
    figure = oversampling_chart([Shares("Roads", (0.01, 0.04)), Shares("Water", (0.2, 0.1))])
    (axes,) = figure.axes
    assert points(axes, "on the labelled ground") == [(0.01, 0), (0.2, 1)]
    assert points(axes, "in drawn windows") == [(0.04, 0), (0.1, 1)]
    shown = texts(figure)
    assert "Windows hold 4 times as much Roads as the ground" in shown
    assert {"× 4", "× 0.5"} <= set(shown)


def test_fold_that_lacks_a_class_has_no_point() -> None:
    figure = fold_chart([Shares("Roads", (0.01, 0.02)), Shares("Water", (0.2, 0.0))])
    assert points(figure.axes[0], "fold 1") == [(0.02, 0)]
    assert "Roads differs most between folds: 1 % to 2 %" in texts(figure)


def _long(count: int) -> list[Shares]:
    return [
        Shares("Wide <name> " * n, (10.0 ** -(n % 5), 0.5 * 10.0 ** -(n % 3))) for n in range(count)
    ]


@pytest.mark.parametrize("rows", [_long(40), [Shares("a", (0.0, None))], [Shares("a", (0.1, 0.1))]])
def test_texts_lie_apart(rows: list[Shares]) -> None:
    assert not collisions(oversampling_chart(rows))


def test_texts_of_many_folds_lie_apart() -> None:
    row = Shares("a", tuple(0.01 * (n + 1) for n in range(20)))
    assert not collisions(fold_chart([row]))


def _maps(count: int, spread: float) -> list[DrawMap]:
    return [
        DrawMap(f"scene_{n}_with_a_name", (40, 30), np.full((4, 3), spread ** (n / count)))
        for n in range(count)
    ]


@pytest.mark.parametrize("maps", [_maps(1, 1), _maps(9, 1.5)])
def test_texts_of_maps_lie_apart(maps: list[DrawMap]) -> None:
    figure = draw_chart(maps, 2.5)
    assert not collisions(figure)
    assert "Each square is 100 m wide." in " ".join(texts(figure))


def test_of_many_scenes_those_that_differ_most_are_shown() -> None:
    figure = draw_chart(_maps(30, 200), 2.5)
    assert not collisions(figure)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert sum(bool(title) for title in titles) == 24
    assert titles[0] == "scene_6_…_a_name"


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures without a chart: drawing takes most of a test's time."""
    for name in ("draw_chart", "oversampling_chart", "fold_chart"):
        monkeypatch.setattr(module, name, lambda *_: None)
    monkeypatch.setattr(
        module, "chart_picture", lambda _, alt, caption="": Picture(b"", "svg", alt, caption)
    )


FOLDS = (
    FoldRecord(("6010_0_0", "6020_0_0", "<script>"), {3: 0.1, 7: 0.2}),
    FoldRecord(("6030_0_0",), {3: 0.1, 7: 0.0}),
)
SHEETS = tuple(Sheet(name, b"webp", 1002) for name in ("a", "b"))


def _tables(section: Section) -> list[Table]:
    return [block for block in section.blocks if isinstance(block, Table)]


@pytest.mark.usefixtures("undrawn")
def test_section_by_hand() -> None:
    plans = [_plan("a"), _plan("b", codes=(7, 3))]
    section = plan_section(plans, {3: 0.02, 7: 0.01}, FOLDS, CLASSES, SHEETS)
    settings, folds = _tables(section)
    assert settings.rows[0] == ("a", "eight", "tint 0.05", 3, 32, "80", 16, "0.5")
    assert folds.rows == (
        ("fold 0", "6010_0_0, 6020_0_0, <script>", 3, 2),  # two dates of one place
        ("fold 1", "6030_0_0", 1, 1),
    )
    pictures = [block for block in section.blocks if isinstance(block, Picture)]
    assert pictures[0].alt.endswith(
        "Roads & <b> (a) 2 % and 8 %; Roads & <b> (b) 2 % and 8 %; "
        "Water (a) 1 % and 8 %; Water (b) 1 % and 8 %."
    )
    assert pictures[-1].data == b"webp"
    groups = [block.title for block in section.blocks if isinstance(block, Group)]
    assert groups == ["Where other models draw", "Views of other models"]
    said = [block.text for block in section.blocks if isinstance(block, Text)]
    assert said[0].startswith("Patches are drawn from 6 windows in 2 labelled scenes;")
    assert said[-1] == "Some fold has nothing of Water: no score there can tell."


@pytest.mark.usefixtures("undrawn")
def test_what_is_missing_is_left_out() -> None:
    assert not plan_section([], {}, (), CLASSES, ()).blocks
    section = plan_section([_plan(rare=0)], {}, (FoldRecord(("a",), {}),), CLASSES, ())
    assert any(
        isinstance(block, Text) and block.text.startswith("Windows are drawn evenly")
        for block in section.blocks
    )
    assert len(_tables(section)) == 2
    assert len([block for block in section.blocks if isinstance(block, Picture)]) == 1
