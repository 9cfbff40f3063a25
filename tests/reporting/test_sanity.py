"""The report of the checks, and the chart that plots are drawn with."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from pipeline.config.dataset import ClassRow
from pipeline.learning.probes.finding import failure, listed, ok, warning
from pipeline.learning.probes.fold_classes import FoldClasses
from pipeline.learning.probes.gradients import GradientFlow, LayerGradient
from pipeline.learning.probes.overfit import Overfit
from pipeline.learning.probes.rate_range import RateRange
from pipeline.learning.probes.units import IdleUnits, LayerUnits
from pipeline.reporting.sanity import findings_table, folds_table, report_text, report_values
from pipeline.reporting.sanity_chart import Axis, Box, Chart
from pipeline.reporting.sanity_plots import draw_gradients, draw_overfit, draw_rates, draw_units
from pipeline.reporting.sanity_sheet import MOST, colour_channels, draw_sheet

FOLDS = FoldClasses(("Road", "Water"), (3, 2), ((0.25, 0.0), (0.5, 0.001)), (4, 1), ok("fine"))
CLASSES = (
    ClassRow(code=3, name="Road", colour="#ff0000"),
    ClassRow(code=7, name="A class whose name is far too long for its column", colour="#0000ff"),
)


def test_table_says_what_to_do_only_where_something_is_wrong() -> None:
    found = {
        "rate": failure("too high", "set it to 0.1"),
        "folds": ok("all there"),
        "units": warning("many dead", "word " * 40),
    }
    lines = findings_table(found).splitlines()
    assert lines[:3] == [
        "rate   failure  too high",
        "       -> set it to 0.1",
        "folds  ok       all there",
    ]
    assert max(map(len, lines)) <= 100
    assert sum("->" in line for line in lines) == 2


def test_folds_table_shows_what_is_absent() -> None:
    lines = folds_table(FOLDS).splitlines()
    assert lines[1].split() == ["class", "fold", "0", "fold", "1", "places"]
    assert lines[2].split() == ["Road", "25.00", "%", "50.00", "%", "4"]
    assert lines[3].split() == ["Water", "absent", "0.10", "%", "1"]
    assert lines[4].split() == ["scenes", "held", "out", "3", "2"]
    assert "Road" in report_text({"folds": FOLDS.finding}, FOLDS, "title")


def test_values_are_json_without_infinities() -> None:
    rates = RateRange((1e-6,), (0.5,), (0.5,), math.nan, math.inf, math.nan, ok("x"))
    values = json.loads(json.dumps(report_values({"rate": rates, "folds": FOLDS}), allow_nan=False))
    assert values["rate"]["divergence"] is None
    assert values["rate"]["finding"] == {"level": "ok", "found": "x", "advice": ""}
    assert values["folds"]["shares"] == [[0.25, 0.0], [0.5, 0.001]]


def test_long_lists_of_names_are_cut() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed(list("abcdef")) == "a, b, c, d and 2 more"


@pytest.mark.parametrize(
    ("axis", "ticks", "middle"),
    [
        (Axis("x", 0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1.0], 0.5),
        (Axis("x", 0.26, 0.77), [0.3, 0.4, 0.5, 0.6, 0.7], 0.515),
        (Axis("x", 1e-4, 1, log=True), [1e-4, 1e-3, 1e-2, 0.1, 1], 1e-2),
        (Axis("x", 2e-3, 6e-3, log=True), [2e-3, 3e-3, 4e-3, 5e-3, 6e-3], math.sqrt(12) * 1e-3),
    ],
)
def test_ticks_are_round_and_places_even(axis: Axis, ticks: list[float], middle: float) -> None:
    assert axis.ticks() == pytest.approx(ticks)
    assert axis.place(axis.low) == 0
    assert axis.place(axis.high) == 1
    assert axis.place(middle) == pytest.approx(0.5)
    assert axis.place(1e9) == 1


def test_line_is_drawn_where_its_values_lie() -> None:
    chart = Chart((200, 120), Box(40, 20, 180, 90), "", Axis("x", 0, 10), Axis("y", 0, 1))
    chart.line([5, 10], [0.5, 0.5], "#ff0000", 3)
    pixels = np.asarray(chart.picture()).astype(int)
    red = (pixels[..., 0] > 200) & (pixels[..., 1] < 80)
    rows, cols = np.nonzero(red)
    assert abs(rows.mean() - 55) < 1.5
    assert abs(cols.min() - 110) < 3
    assert abs(cols.max() - 180) < 3


def _red(pixels: np.ndarray) -> int:
    return int(((pixels[..., 0] > 150) & (pixels[..., 1] < 60) & (pixels[..., 2] < 80)).sum())


def test_plots_show_what_is_wrong_in_red() -> None:
    rates = (1e-4, 1e-3, 1e-2)
    good = RateRange(rates, (1, 0.5, 0.4), (1, 0.6, 0.5), 1e-3, math.inf, 1e-3, ok(""))
    bad = RateRange(rates, (1, 0.5, 4), (1, 0.6, 3), 1e-4, 1e-2, 1e-4, ok(""))
    flow = [
        GradientFlow((LayerGradient("a" * 60, 0.1, 0.2), LayerGradient("b", 0.1, value)), 5, ok(""))
        for value in (0.3, 0.0)
    ]
    units = [IdleUnits((LayerUnits("a", 8, idle),), 5, ok("")) for idle in (4, 8)]
    pairs = [
        (draw_rates(good, 1e-3), draw_rates(bad, 1.0)),
        tuple(draw_gradients(row) for row in flow),
        tuple(draw_units(row) for row in units),
    ]
    for calm, alarming in pairs:
        assert calm is not None
        assert alarming is not None
        assert _red(np.asarray(alarming)) > _red(np.asarray(calm)) + 20


def test_nothing_measured_is_nothing_drawn() -> None:
    assert draw_rates(RateRange((), (), (), math.nan, 1e-6, 1e-7, ok("")), 0.1) is None
    assert draw_overfit(Overfit((), (), (), 0, ok(""))) is None
    assert draw_gradients(GradientFlow((), 5, ok(""))) is None
    assert draw_units(IdleUnits((), 5, ok(""))) is None
    assert draw_overfit(Overfit((0, 10), (0.1, 0.9), (1.0,) * 11, 0.9, ok(""))) is not None


def test_sheet_shows_masks_on_the_patches_and_their_shares() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(3, 4, 16, 16)).astype(np.float32)
    masks = np.zeros((3, 2, 16, 16), np.float32)
    valid = np.ones((3, 16, 16), bool)
    plain = np.asarray(draw_sheet(inputs, masks, valid, tuple("abcd"), CLASSES, "t")).astype(int)
    masks[:, 0] = 1
    covered = np.asarray(draw_sheet(inputs, masks, valid, tuple("abcd"), CLASSES, "t")).astype(int)
    panels = 3 * 224 * 224

    def reddish(sheet: np.ndarray) -> int:
        return int((sheet[..., 0] - sheet[..., 2] > 150).sum())

    assert reddish(covered) - reddish(plain) > 0.95 * panels
    masks[:, 0] = 0.5
    half = np.asarray(draw_sheet(inputs, masks, valid, tuple("abcd"), CLASSES, "t")).astype(int)
    assert reddish(half) < 0.1 * panels, "a soft mask is drawn pale"


def test_sheet_of_many_patches_shows_the_first() -> None:
    inputs = np.zeros((MOST + 5, 1, 8, 8), np.float32)
    masks, valid = np.zeros((MOST + 5, 2, 8, 8), np.float32), np.ones((MOST + 5, 8, 8), bool)
    many = draw_sheet(inputs, masks, valid, ("pan",), CLASSES, "t")
    few = draw_sheet(inputs[:MOST], masks[:MOST], valid[:MOST], ("pan",), CLASSES, "t")
    assert many.size == few.size


def test_colours_are_taken_by_name_or_spread() -> None:
    assert colour_channels(("P.pan", "RGB.blue", "RGB.green", "RGB.red", "M.red")) == [3, 2, 1]
    assert colour_channels(("pan",)) == [0, 0, 0]
    assert colour_channels(tuple("abcdefgh")) == [6, 4, 1]
