"""Values per class and run as dots with whiskers: scores, or differences of scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from pipeline.reporting import chart_style as style
from pipeline.reporting.compare.run_style import RunStyle
from pipeline.reporting.compare.standing import MEAN, Standing, Value
from pipeline.reporting.report.chart_picture import label

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH: Final = 7.6
_FOOT: Final = 0.75
_LINE: Final = 0.17
"""Inches of a run in a row, and of the room between rows."""
_LETTERS: Final = 28
_KEY: Final = 40
"""Letters of a run's name."""
_MARK: Final = 5
"""Letters that a marker takes in the legend."""
_ACROSS: Final = 76
"""Letters that fit beside one another."""


def score_chart(
    standings: Sequence[Standing], styles: Mapping[str, RunStyle], title: str, note: str
) -> Figure:
    """Scores of runs on the same ground.

    Args:
        standings: A run each, the first one on top; classes in the order of the first.
        styles: By name of a run.
        title: What one sees.
        note: A line below it.
    """
    with style.styled():
        figure, axes = _draw(standings, styles, title, note)
        axes.set_xlim(-0.01, 1.01)
        axes.set_xlabel("Jaccard index")
    return figure


def difference_chart(
    differences: Sequence[Standing], styles: Mapping[str, RunStyle], title: str, note: str
) -> Figure:
    """How far runs' scores lie above another's; hollow where the interval holds 0.

    Args:
        differences: A run each, in any case one.
        styles: By name of a run.
        title: What one sees.
        note: A line below it.
    """
    with style.styled():
        figure, axes = _draw(differences, styles, title, note, hollow=True)
        axes.axvline(0, color=style.INK, linewidth=1.2, zorder=1, gid="zero")
        reach = max(0.01, *map(abs, axes.get_xlim()))
        axes.set_xlim(-reach, reach)
        axes.set_xlabel("Jaccard index above the first run's   (left: worse, right: better)")
    return figure


def _draw(
    standings: Sequence[Standing],
    styles: Mapping[str, RunStyle],
    title: str,
    note: str,
    hollow: bool = False,
) -> tuple[Figure, Axes]:
    names = list(dict.fromkeys(name for row in standings for name in row.classes))
    step = _LINE * (len(standings) + 1)
    height = _FOOT + step * (len(names) + 1)
    figure = style.new_figure(_WIDTH, height, title, [note], keys=_lines(standings))
    axes = figure.subplots()
    handles: list[Artist] = []
    for place, row in enumerate(standings):
        lift = (place - (len(standings) - 1) / 2) / (len(standings) + 1)
        values = [*(row.classes.get(name) for name in names), row.mean]
        points = [(v, at + lift) for at, v in enumerate(values) if v and v.value is not None]
        handles.append(_draw_run(axes, points, row.run, styles[row.run], hollow))
    axes.set_yticks(range(len(names) + 1), [*(label(name, _LETTERS) for name in names), MEAN])
    axes.get_yticklabels()[-1].set_fontweight("bold")
    axes.axhline(len(names) - 0.5, color=style.FAINT, linewidth=0.8)
    for at in range(1, len(names)):
        axes.axhline(at - 0.5, color=style.GRID, linewidth=0.6)
    axes.set_ylim(len(names) + 0.5, -0.5)
    axes.tick_params(axis="y", length=0, labelcolor=style.INK, labelsize=10)
    axes.grid(visible=False, axis="y")
    style.add_legend(figure, handles, height, lines=_lines(standings))
    return figure, axes


def _lines(standings: Sequence[Standing]) -> int:
    """Lines that the legend takes: its columns are as wide as the longest name."""
    letters = max(min(len(row.run), _KEY) for row in standings) + _MARK
    return -(-len(standings) // max(1, _ACROSS // letters))


def _draw_run(
    axes: Axes, points: Sequence[tuple[Value, float]], run: str, look: RunStyle, hollow: bool
) -> Artist:
    """Dots and whiskers of a run, and what stands for it in the legend."""
    for value, at in points:
        if value.interval is not None:
            axes.hlines(at, *value.interval, colors=look.colour, linewidth=2, alpha=0.55, zorder=2)
        open_one = hollow and value.verdict not in ("better", "worse")
        axes.plot(
            [value.value or 0.0],
            [at],
            linestyle="none",
            marker=look.marker,
            markersize=6.5,
            markerfacecolor=style.PAPER if open_one else look.colour,
            markeredgecolor=look.colour,
            markeredgewidth=1.5,
            zorder=3,
            gid=f"dot {run}",
        )
    (key,) = axes.plot(
        [],
        [],
        linestyle="none",
        marker=look.marker,
        color=look.colour,
        markersize=7,
        label=style.shorten(run, _KEY),
    )
    return key
