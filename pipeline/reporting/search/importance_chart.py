"""The importance of a search's dimensions as bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.reporting import chart_style as style
from pipeline.reporting.search.importance import FEWEST, Importance

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _ROW, _FOOT = 9.0, 0.34, 0.8


def importance_chart(rows: Sequence[Importance], budget: int) -> Figure:
    """A bar per dimension with its interval, and what chance would reach.

    Args:
        rows: What :func:`importance.importances` gave.
        budget: Steps of the budget whose scores were compared.
    """
    with style.styled():
        return _draw(rows, budget)


def _draw(rows: Sequence[Importance], budget: int) -> Figure:
    most = max((row.count for row in rows), default=0)
    if all(row.value is None for row in rows):
        title = "Too few trials to tell which dimension matters"
        figure = style.new_figure(_WIDTH, 1.6, title)
        trials = "1 trial has" if most == 1 else f"{most} trials have"
        text = f"{trials} a score after {budget:,} steps; at least {FEWEST} are needed"
        style.say_nothing(figure.subplots(), text)
        return figure
    leaders = [row.name for row in rows if row.shown]
    title = f"{leaders[0]} matters most" if leaders else "No dimension matters more than chance"
    notes = [
        f"share of the differences between {most} scores after {budget:,} steps that a dimension "
        "explains alone",
        "whiskers: interval of 90 %",
    ]
    height = _FOOT + _ROW * len(rows)
    figure = style.new_figure(_WIDTH, height, title, notes, keys=1)
    axes = figure.subplots()
    handles = _draw_bars(axes, rows)
    axes.set_yticks(range(len(rows)), [style.shorten(row.name, 34) for row in rows])
    axes.tick_params(axis="y", length=0, labelcolor=style.INK, labelsize=10)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("share explained, %")
    style.add_legend(figure, handles, height)
    return figure


def _draw_bars(axes: Axes, rows: Sequence[Importance]) -> list[Artist]:
    """The bars with what stands on and beside them; gives the legend's parts."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - see styled
    from matplotlib.patches import Patch  # noqa: PLC0415 - see styled

    end = 100 * max(max(row.high or 0, row.chance or 0) for row in rows)
    end = max(end, 5.0)
    for at, row in enumerate(rows):
        if row.value is None or row.low is None or row.high is None or row.chance is None:
            text = f"too few trials ({row.count}) or values to tell"
            axes.text(0.01 * end, at, text, va="center", color=style.FAINT, fontsize=9)
            continue
        colour = style.STRONG if row.shown else style.PALE
        axes.barh(at, 100 * row.value, height=0.62, color=colour, gid=row.name)
        axes.hlines(at, 100 * row.low, 100 * row.high, colors=style.INK, linewidth=1.2)
        axes.vlines(100 * row.chance, at - 0.38, at + 0.38, colors=style.FAILED, linewidth=2)
        text = f"{row.count} trials"
        axes.text(1.16 * end, at, text, va="center", ha="right", color=style.FAINT, fontsize=9)
    axes.set_xlim(0, 1.17 * end)
    axes.set_xticks([tick for tick in axes.get_xticks() if tick <= min(100, 1.01 * end)])
    axes.set_xlim(0, 1.17 * end)
    return [
        Patch(color=style.STRONG, label="more than chance"),
        Patch(color=style.PALE, label="could be chance"),
        Line2D(
            [], [], color=style.FAILED, linewidth=2, label="chance reaches this in 1 of 20 searches"
        ),
    ]
