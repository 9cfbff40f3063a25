"""Every dimension of a search against the score, as small charts beside each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, Final

from pipeline.reporting import chart_style as style
from pipeline.reporting.search.axis import Axis, log_ticks, tick_text, varying
from pipeline.reporting.search.progress_chart import SCORE
from pipeline.reporting.search.tally import budget_text, last_scored, score_of
from pipeline.search.entry import Entry

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS, _WIDTH, _HEIGHT = 4, 3.1, 2.5
_GOLDEN: Final = (math.sqrt(5) - 1) / 2
_TICK_LETTERS: Final = 30
"""Letters that fit side by side below a chart."""


def dimension_charts(
    entries: Sequence[Entry], axes: Sequence[Axis], budgets: Sequence[int]
) -> Figure:
    """The score at the largest budget that a trial reached, against each dimension that varies.

    Args:
        entries: The ledger's, in its order.
        axes: The space's, in its order.
        budgets: Steps of each rung, smallest first.
    """
    with style.styled():
        return _draw(last_scored(entries), axes, budgets)


def jitter(trial: int) -> float:
    """A shift of -0.25 to 0.25 that depends on the trial's number alone, evenly spread."""
    return ((trial + 1) * _GOLDEN % 1 - 0.5) / 2


def _draw(scored: Sequence[Entry], axes: Sequence[Axis], budgets: Sequence[int]) -> Figure:
    shown = varying(axes, scored)
    if not shown:
        figure = style.new_figure(2 * _WIDTH, _HEIGHT, "No dimension to compare scores by")
        text = "needs scores of two trials that differ"
        style.say_nothing(figure.subplots(), text)
        return figure
    columns = min(_COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    width, height = max(columns, 3) * _WIDTH, rows * _HEIGHT
    title = "Score against each dimension"
    notes = [
        f"{len(scored)} trials, each at the largest budget that it was scored on: colours tell "
        "which; bars are medians of the points above an option"
    ]
    keys = 1 if len({entry.budget for entry in scored}) < 6 else 2
    figure = style.new_figure(width, height, title, notes, keys)
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
    handles: list[Artist] = []
    for number, cell in enumerate(grid.flat):
        if number >= len(shown):
            cell.set_axis_off()
            continue
        handles = _draw_one(cell, scored, shown[number], budgets)
        cell.tick_params(labelleft=number % columns == 0)
    figure.supylabel(SCORE, fontsize=10)
    style.add_legend(figure, handles, height, keys)
    return figure


def _draw_one(
    cell: Axes, scored: Sequence[Entry], axis: Axis, budgets: Sequence[int]
) -> list[Artist]:
    """One chart; gives the legend's parts."""
    pairs = zip(scored, axis.places(scored), strict=True)
    points = [(entry, at) for entry, at in pairs if at is not None]
    handles: list[Artist] = []
    for rung, budget in enumerate(budgets):
        chosen = [(entry, at) for entry, at in points if entry.budget == budget]
        shift = [jitter(e.trial) if axis.options is not None else 0.0 for e, _ in chosen]
        (line,) = cell.plot(
            [at + moved for (_, at), moved in zip(chosen, shift, strict=True)],
            [score_of(entry) for entry, _ in chosen],
            linestyle="none",
            marker=style.rung_marker(rung, len(budgets)),
            markersize=6 if budget == budgets[-1] else 5,
            markeredgecolor=style.PAPER,
            markeredgewidth=0.4,
            alpha=0.9,
            color=style.rung_colour(rung, len(budgets)),
            label=budget_text(budget, budgets),
            gid=f"budget {budget}",
        )
        handles += [line] if any(entry.budget == budget for entry in scored) else []
    some = "" if len(points) == len(scored) else f"  ({len(points)} of {len(scored)})"
    cell.set_title(style.shorten(axis.name, 36 - len(some)) + some, fontsize=10, loc="left")
    if axis.options is not None:
        _draw_medians(cell, points)
        _name_options(cell, axis.options)
    else:
        _number(cell, [at for _, at in points], axis.log)
    return handles


def _draw_medians(cell: Axes, points: Sequence[tuple[Entry, float]]) -> None:
    places = sorted({at for _, at in points})
    middles = [median(score_of(entry) for entry, at in points if at == place) for place in places]
    cell.hlines(
        middles,
        [place - 0.36 for place in places],
        [place + 0.36 for place in places],
        colors=style.INK,
        linewidth=2,
        gid="medians",
    )


def _name_options(cell: Axes, options: Sequence[str]) -> None:
    """Name the options below the chart, aslant where they don't fit side by side."""
    room = _TICK_LETTERS // len(options)
    fits = all(len(option) <= room for option in options)
    labels = [style.shorten(option, 14) for option in options]
    if fits:
        cell.set_xticks(range(len(options)), labels)
    else:
        cell.set_xticks(
            range(len(options)), labels, rotation=30, ha="right", rotation_mode="anchor"
        )
    cell.set_xlim(-0.5, len(options) - 0.5)
    cell.grid(visible=False, axis="x")


def _number(cell: Axes, places: Sequence[float], log: bool) -> None:
    """Few round numbers below the chart."""
    if not log:
        cell.locator_params(axis="x", nbins=5)
        return
    cell.set_xscale("log")
    ticks = log_ticks(min(places), max(places))
    cell.set_xticks(ticks, [tick_text(tick) for tick in ticks])
    cell.minorticks_off()
