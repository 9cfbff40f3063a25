"""Plots of the checks before a training: rates, one batch by heart, gradients, units."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image

from pipeline.learning.probes.gradients import GradientFlow
from pipeline.learning.probes.overfit import GOAL, Overfit
from pipeline.learning.probes.rate_range import RateRange
from pipeline.learning.probes.units import IdleUnits
from pipeline.reporting.sanity_chart import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    PAPER,
    RED,
    Axis,
    Box,
    Chart,
)

_SIZE = (960, 540)
_BOX = Box(84, 60, 930, 470)
_ROW = 24
_NAMES = 300
_LONGEST = 34
_PALE = "#a9cfe4"


def draw_rates(rates: RateRange, configured: float) -> Image.Image | None:
    """Loss against learning rate, with the rates that matter; None if nothing was measured."""
    if len(rates.rates) < 2:
        return None
    shown = [value for value in rates.losses if math.isfinite(value)]
    top = min(max(shown), 2 * shown[0])  # what diverges would press all else flat
    room = 0.06 * max(top - min(shown), 1e-6)
    y = Axis("loss", min(shown) - room, top + 4 * room)
    last = max(rates.rates[-1], configured)
    last = max(last, rates.divergence) if math.isfinite(rates.divergence) else last
    x = Axis("learning rate", min(rates.rates[0], configured), last, log=True)
    chart = Chart(_SIZE, _BOX, "Learning-rate range test: loss as the rate rises", x, y)
    chart.line(rates.rates, rates.losses, _PALE)
    chart.line(rates.rates, rates.smoothed, BLUE, 3)
    marks = [(configured, "train.rate", INK), (rates.suggestion, "suggested", GREEN)]
    if math.isfinite(rates.divergence):
        marks += [(rates.bound, "at most", ORANGE), (rates.divergence, "diverges", RED)]
    known = [mark for mark in marks if not math.isnan(mark[0])]
    chart.uprights(
        [(value, f"{text} {value:.2g}", colour) for value, text, colour in sorted(known)]
    )
    chart.text((_BOX.right, 22), "pale: each step; strong: smoothed", FAINT, 14, "ra")
    return chart.picture()


def draw_overfit(overfit: Overfit) -> Image.Image | None:
    """Jaccard index on one batch against steps; None if nothing was measured."""
    if not overfit.steps:
        return None
    x = Axis("steps on the same batch", 0, max(len(overfit.losses), 1))
    y = Axis("mean Jaccard index of the classes present", 0, 1)
    chart = Chart(_SIZE, _BOX, "One batch learned by heart", x, y)
    chart.level(GOAL, f"goal {GOAL:g}", GREEN)
    chart.line(overfit.steps, overfit.jaccard, BLUE, 3)
    return chart.picture()


def draw_gradients(flow: GradientFlow) -> Image.Image | None:
    """Gradient over weight per layer, at first and later; None for a network that is frozen."""
    values = [v for row in flow.layers for v in (row.first, row.later) if 0 < v < math.inf]
    if not values:
        return None
    names = [row.name for row in flow.layers]
    x = Axis("|gradient| / |weight|, no unit", min(values) / 2, max(values) * 2, log=True)
    chart = _rows(names, "Gradient in units of the weights, layer by layer", x)
    for number, row in enumerate(flow.layers):
        at = chart.box.top + (number + 0.5) * _ROW
        for value, colour in ((row.first, ORANGE), (row.later, BLUE)):
            if 0 < value < math.inf:
                chart.dot(value, at, colour)
        if row.first == 0 or row.later == 0:
            chart.text((chart.box.left + 8, at), "no gradient", RED, 13, "lm")
    chart.text((chart.box.left, 48), "before the first step", ORANGE, 14, "la")
    chart.text((chart.box.left + 170, 48), f"after {flow.steps} steps", BLUE, 14, "la")
    return chart.picture()


def draw_units(units: IdleUnits) -> Image.Image | None:
    """Share of idle units per activation; None if no activation could be watched."""
    if not units.layers:
        return None
    names = [row.name for row in units.layers]
    chart = _rows(names, "Dead or saturated units", Axis("share of units, %", 0, 100))
    for number, row in enumerate(units.layers):
        at = chart.box.top + (number + 0.5) * _ROW
        chart.bar(100 * row.share, at, RED if row.idle == row.units else BLUE, 16)
        beside = row.share < 0.8
        spot = chart.box.left + row.share * (chart.box.right - chart.box.left)
        text = f"{row.idle} of {row.units}"
        if beside:
            chart.text((spot + 6, at), text, INK, 13, "lm")
        else:
            chart.text((spot - 6, at), text, PAPER, 13, "rm")
    chart.text((chart.box.left, 48), f"after {units.steps} steps", FAINT, 14, "la")
    return chart.picture()


def _rows(names: Sequence[str], title: str, x: Axis) -> Chart:
    """A chart with a named row per layer, the first on top."""
    bottom = 76 + _ROW * len(names)
    chart = Chart((_SIZE[0], bottom + 60), Box(_NAMES, 76, _BOX.right, bottom), title, x)
    for number, name in enumerate(names):
        shown = name if len(name) <= _LONGEST else f"…{name[1 - _LONGEST :]}"
        chart.text((_NAMES - 10, 76 + (number + 0.5) * _ROW), shown, INK, 13, "rm")
    return chart
