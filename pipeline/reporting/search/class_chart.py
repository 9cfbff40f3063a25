"""The best trial of a search beside the default, class by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pipeline.reporting import chart_style as style
from pipeline.reporting.search.tally import default_of
from pipeline.search.entry import Entry
from pipeline.search.halving import best

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _ROW, _FOOT = 9.0, 0.38, 0.9


def class_chart(
    entries: Sequence[Entry], budgets: Sequence[int], names: Mapping[str, str]
) -> Figure:
    """A row per class with the score of the default and of the best trial.

    Args:
        entries: The ledger's.
        budgets: Steps of each rung, smallest first.
        names: Names of the classes by code, in the order of the rows.
    """
    with style.styled():
        return _draw(entries, budgets, names)


def _draw(entries: Sequence[Entry], budgets: Sequence[int], names: Mapping[str, str]) -> Figure:
    winner = best(entries, budgets)
    codes = [] if winner is None else [code for code in names if code in winner.classes]
    if winner is None or not codes:
        figure = style.new_figure(_WIDTH, 1.6, "No class has a score yet")
        style.say_nothing(figure.subplots(), "needs a trial that was scored")
        return figure
    same = [e for e in entries if e.budget == winner.budget]
    start = default_of(same) or default_of(entries)
    start = None if start is winner else start
    height = _FOOT + _ROW * len(codes)
    title = f"Trial {winner.trial} class by class"
    title = title if start is None else f"{title}, beside the default"
    figure = style.new_figure(_WIDTH, height, title, keys=1)
    axes = figure.subplots()
    _draw_rows(
        axes, [(winner, style.BEST, "o"), *([(start, style.INK, "D")] if start else [])], codes
    )
    labels = [style.shorten(names[code], 30) for code in codes]
    axes.set_yticks(range(len(codes)), labels)
    axes.tick_params(axis="y", length=0, labelcolor=style.INK, labelsize=10)
    axes.set_ylim(len(codes) - 0.4, -0.6)
    axes.set_xlim(left=0)
    axes.set_xlabel("Jaccard index of held-out ground")
    style.add_legend(figure, axes.get_lines(), height)
    return figure


def _draw_rows(
    axes: Axes, compared: Sequence[tuple[Entry, str, str]], codes: Sequence[str]
) -> None:
    """A point per entry and class, those of a class joined."""
    for row, code in enumerate(codes):
        known = [
            score for entry, _, _ in compared if (score := entry.classes.get(code)) is not None
        ]
        if known:
            axes.hlines(row, min(known), max(known), colors=style.PALE, linewidth=4, zorder=1)
        else:
            axes.text(0, row, "  not in the held-out ground", va="center", color=style.FAINT)
    for number, (entry, colour, marker) in enumerate(compared):
        scores = [entry.classes.get(code) for code in codes]
        points = [(score, row) for row, score in enumerate(scores) if score is not None]
        name = "the default" if entry.source == "default" else f"trial {entry.trial}"
        axes.plot(
            [score for score, _ in points],
            [row for _, row in points],
            linestyle="none",
            marker=marker,
            markersize=9 - 2 * number,
            color=colour,
            label=f"{name}, after {entry.budget:,} steps",
            gid=f"trial {entry.trial}",
            zorder=3 - number,
        )
