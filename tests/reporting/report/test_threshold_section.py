"""Thresholds, precision and calibration as charts and tables."""

from functools import cache

import numpy as np
import pytest

from pipeline.learning.metrics import NOTHING
from pipeline.mapping.thresholds import pooled
from pipeline.reporting.page.blocks import Block, Gallery, Group, Section, Table, Text
from pipeline.reporting.page.rendering import render_page
from pipeline.reporting.report import threshold_section as module
from pipeline.reporting.report.calibration import calibration
from pipeline.reporting.report.calibration_chart import calibration_chart
from pipeline.reporting.report.confusion import ClassConfusion
from pipeline.reporting.report.held_out_levels import HeldOutLevels
from pipeline.reporting.report.precision import precision_recall
from pipeline.reporting.report.precision_chart import precision_chart
from pipeline.reporting.report.threshold_chart import threshold_chart
from pipeline.reporting.report.threshold_section import threshold_section
from pipeline.reporting.viewer.data import ViewerClass
from tests.reporting.report.test_precision import counts_of
from tests.reporting.search.drawn import collisions, points, texts

ROAD = ViewerClass(3, "<i>Road</i>\n$x$", "#777777", "solid")
STRANGE = ViewerClass(3, "<i>Road</i> 道", "#777777", "solid")
"""With a letter that the charts' font lacks."""
LOST = ViewerClass(9, "Lost", "#d55e00", "dots")
FOLDS = (
    counts_of({200: (6, 2), 100: (2, 2), 0: (2, 86)}, {0: (0, 100)}),
    counts_of({250: (8, 0), 50: (2, 10), 0: (0, 80)}, {0: (0, 100)}),
)
CHOSEN = np.array([102, NOTHING])


@cache
def section_of(held_out: bool = True) -> Section:
    """The section on two folds and two classes."""
    confusion = ClassConfusion.empty(2)
    confusion.add(np.eye(2, dtype=bool), np.eye(2, dtype=bool))
    by_fold = [CHOSEN, np.array([51, NOTHING])]
    return threshold_section(
        HeldOutLevels(FOLDS, CHOSEN, by_fold, confusion, [STRANGE, LOST], 3, held_out)
    )


def found(section: Section, kind: type[Block]) -> list[Block]:
    """Blocks of a kind, in groups as well."""
    blocks: list[Block] = []
    for block in section.blocks:
        blocks += block.blocks if isinstance(block, Group) else [block]
    return [block for block in blocks if isinstance(block, kind)]


def table(section: Section, place: int) -> Table:
    block = found(section, Table)[place]
    assert isinstance(block, Table)
    return block


def test_thresholds_by_hand() -> None:
    """At 102 and 0.5, 14 of 20 are found and 2 are wrong; from 51 to 100, 16 and 4."""
    row, lost = table(section_of(), 0).rows
    assert row == (
        *("<i>Road</i> 道", "10.00", "0.40"),
        *(14 / 22, 14 / 22, 16 / 24, "0.20 to 0.78", "0.20 to 0.40"),
    )
    assert lost == ("Lost", "0.00", "none", 0.0, 0.0, 0.0, None, "none")


def test_precision_and_calibration_by_hand() -> None:
    section = section_of()
    assert table(section, 1).rows[0][:3] == ("<i>Road</i> 道", 14 / 16, 14 / 20)
    assert table(section, 1).rows[1] == ("Lost", None, None, None, None, None)
    sums = (8 * 200 + 4 * 100 + 8 * 250 + 12 * 50) / 255
    assert table(section, 2).rows[0][3] == pytest.approx(sums / 20)
    assert table(section, 2).rows[1] == ("Lost", 0.0, None, None)


def test_networks_of_another_run_have_no_folds() -> None:
    section = section_of(held_out=False)
    assert isinstance(section.blocks[0], Text)
    assert "networks of another run" in section.blocks[0].text
    assert "may have been trained on them" in section.blocks[0].text
    assert table(section, 0).header[-1] == "within 5% of best"
    assert len(table(section, 0).rows[0]) == 7


def test_a_small_chart_per_class() -> None:
    section = section_of()
    galleries = found(section, Gallery)
    assert [len(block.pictures) for block in galleries if isinstance(block, Gallery)] == [2, 2, 2]
    page = render_page("run", "", [section])
    assert "<i>" not in page
    assert "No threshold finds a pixel of it." in page


def test_many_classes_are_folded_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MANY", 1)
    section = section_of.__wrapped__()
    groups = {block.title: block.folded for block in section.blocks if isinstance(block, Group)}
    assert groups == {
        "Charts": True,
        "Precision and recall": True,
        "Calibration": True,
        "Confusion between classes": False,
    }


def test_threshold_chart_shows_what_is_used() -> None:
    counts = pooled(FOLDS)
    curves = [fold.curves()[0] for fold in FOLDS]
    figure = threshold_chart(ROAD, counts.curves()[0], curves, 102, [102, 51])
    axes = figure.axes[0]
    assert points(axes, "chosen") == [(0.4, 14 / 22)]
    assert [x for x, _ in points(axes, "thresholds of folds")] == [0.4, 0.2]
    assert len(points(axes, "all")) == len(points(axes, "fold 1")) == 256
    assert axes.get_ylim() == (0, 1)
    assert collisions(figure) == []
    assert "<i>Road</i> $x$" in texts(figure)


def test_threshold_that_finds_nothing_is_not_drawn() -> None:
    figure = threshold_chart(LOST, np.zeros(256), [], NOTHING, [NOTHING])
    assert points(figure.axes[0], "thresholds of folds") == []
    gids = [line.get_gid() for line in figure.axes[0].get_lines()]
    assert "chosen" not in gids
    assert figure.axes[0].get_ylim() == (0, 0.1)


def test_precision_chart_shows_both_thresholds() -> None:
    curve = precision_recall(pooled(FOLDS))
    figure = precision_chart(ROAD, curve.precision[0], curve.recall[0], 102, 128)
    assert points(figure.axes[0], "chosen") == [(14 / 20, 14 / 16)]
    assert collisions(figure) == []
    empty = precision_chart(LOST, curve.precision[1], curve.recall[1], NOTHING, 128)
    assert "no pixel is truly of it" in texts(empty)


def test_calibration_chart_shows_bins_with_pixels() -> None:
    figure = calibration_chart(ROAD, calibration(pooled(FOLDS)), 0)
    top, bars = figure.axes
    values = [(0, 2 / 168), (50, 2 / 12), (100, 2 / 4), (200, 6 / 8), (250, 1)]
    assert np.allclose(points(top, "bins"), [(level / 255, share) for level, share in values])
    assert [bar.get_height() for bar in bars.patches] == [168, 12, 0, 4, 0, 0, 0, 8, 0, 8]  # type: ignore[attr-defined]
    assert {"1", "100"} <= set(texts(figure))
    assert collisions(figure) == []
