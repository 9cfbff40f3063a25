"""Learning curves and the tables below them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from pipeline.config.dataset import ClassRow
from pipeline.reporting.page.blocks import Group, Picture, Table, Text
from pipeline.reporting.report import learning
from pipeline.reporting.report.learning import learning_section
from pipeline.reporting.report.learning_curves import learning_curves
from pipeline.reporting.report.training_record import TrainingRecord
from tests.reporting.report.trained import training
from tests.reporting.search.drawn import collisions, points, texts

CLASSES = (
    ClassRow(code=3, name="Roads <b>", colour="#777777"),
    ClassRow(code=7, name="Water", colour="#3366cc"),
)
MANY = [
    training(f"model_{n}", fold, (0.1, 0.1 + 0.05 * n), (3,))
    for n in range(5)
    for fold in (0, 1, 2, 3, None)
]


def test_lines_are_the_histories() -> None:
    figure = learning_curves([training(means=(0.2, 0.4, 0.3)), training(fold=None)])
    loss, score, rate = figure.axes
    assert points(loss, "loss all-fold-0") == [(10, 1), (20, 0.5), (30, pytest.approx(1 / 3))]
    assert points(score, "score all-fold-0") == [(10, 0.2), (20, 0.4), (30, 0.3)]
    assert points(rate, "rate all-retrained") == [(10, 0.01), (20, 0.005)]
    assert points(score, "kept all-fold-0") == [(20, 0.4)]
    assert [line.get_gid() for line in score.get_lines()] == ["score all-fold-0", "kept all-fold-0"]
    assert "Kept networks reach a mean Jaccard index of 0.400 on held-out ground" in texts(figure)


def test_a_row_of_panels_per_model() -> None:
    figure = learning_curves(MANY)
    assert len(figure.axes) == 15
    assert [axes.get_title(loc="left") for axes in figure.axes[::3]] == [
        f"model_{n}" for n in range(5)
    ]


def test_pictures_tell_what_they_show() -> None:
    (picture,) = [
        b for b in learning_section([training()], CLASSES).blocks if isinstance(b, Picture)
    ]
    assert picture.alt.startswith("Learning curves of all: loss")
    assert picture.data.startswith(b"<?xml")


@pytest.mark.parametrize(
    "trainings",
    [
        MANY,
        [training(fold=fold) for fold in range(20)],
        [training("a" * 32, fold=None), training("b" * 32, means=(0.0,))],
    ],
)
def test_texts_lie_apart(trainings: list[TrainingRecord]) -> None:
    assert not collisions(learning_curves(trainings))


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures without a chart: drawing takes most of a test's time."""
    picture = Picture(b"<svg/>", "svg", "")
    monkeypatch.setattr(learning, "chart_picture", lambda _figure, _alt: picture)
    monkeypatch.setattr(learning, "learning_curves", lambda _trainings: None)


def _table(blocks: tuple[object, ...], start: str) -> Table:
    return next(b for b in blocks if isinstance(b, Table) and b.caption.startswith(start))


@pytest.mark.usefixtures("undrawn")
def test_scores_per_class_and_fold_by_hand() -> None:
    trainings = [
        training(fold=0, means=(0.2, 0.4)),
        training(fold=0, means=(0.3, 0.6), repeat=1),
        training(fold=1, means=(0.1, 0.3)),
        training(fold=None),
        training("own", 0, (0.9,), (7,)),
    ]
    section = learning_section(trainings, CLASSES)
    table = _table(section.blocks, "Jaccard index of each class")
    assert table.header == ("class", "model", "fold 0", "fold 1", "mean of folds")
    near: list[Any] = [
        ("Roads <b>", "all", pytest.approx(0.5), pytest.approx(0.3), pytest.approx(0.4)),
        ("Water", "all", pytest.approx(0.5), pytest.approx(0.3), pytest.approx(0.4)),
        ("Water", "own", 0.9, None, 0.9),
    ]
    assert list(table.rows) == near
    assert "averaged over its repeats" in table.caption
    ends = _table(section.blocks, "What ended")
    assert ends.rows[0][:6] == (
        "all-fold-0",
        "all its steps were done",
        "cpu, float32",
        20,
        20,
        0.4,
    )
    assert ends.rows[3][5] is None
    assert not ends.folded


def _said(trainings: list[TrainingRecord], owner: str | None = None) -> str:
    blocks = learning_section(trainings, CLASSES, owner).blocks
    return " ".join(block.text for block in blocks if isinstance(block, Text))


@pytest.mark.usefixtures("undrawn")
def test_remarks_say_what_to_change() -> None:
    rising = [training(fold=n, means=(0.1, 0.2)) for n in range(3)]
    falling = [training(fold=n, means=(0.2, 0.1)) for n in range(3)]
    assert "3 of 3 kept their last step: more train.steps" in _said(rising)
    late = [training(fold=n, means=(0.1, 0.2), stopped="minutes") for n in range(3)]
    assert "3 of 3 kept their last step: more train.minutes" in _said(late)
    assert "3 of 3 kept their first validation" in _said(falling)
    middle = [training(means=(0.1, 0.2, 0.1))]
    assert "kept their" not in _said(middle)
    assert "1 network of 1 model took 1 min 0 s" in _said(middle)
    assert "No held-out pixel was found by all-fold-0" in _said([training(means=(0.0, 0.0))])
    bare = training(means=(0.0, 0.0))
    rows = tuple(replace(row, jaccard=(math.nan, math.nan)) for row in bare.rows)
    said = _said([replace(bare, rows=rows)])
    assert "No held-out pixel" not in said
    assert "all-fold-0 held out has nothing of the classes" in said
    assert "Nothing was held out" in _said([training(fold=None)])


@pytest.mark.usefixtures("undrawn")
def test_networks_of_another_run_are_told() -> None:
    assert "its networks are those of run other" in _said([training()], "other")
    assert "No training has left a history" in _said([], "gone")


@pytest.mark.usefixtures("undrawn")
def test_curves_of_many_models_are_folded() -> None:
    section = learning_section([training(f"m{n}", 0, (0.1,), (3,)) for n in range(14)], CLASSES)
    assert len([block for block in section.blocks if isinstance(block, Picture)]) == 2
    (group,) = [block for block in section.blocks if isinstance(block, Group)]
    assert group.folded
    assert group.title == "Curves of 2 more models"
    assert _table(section.blocks, "What ended").folded
