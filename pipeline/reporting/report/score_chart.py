"""Scores of each class as points with whiskers, this run's beside those of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pipeline.reporting import chart_style as style
from pipeline.reporting.report.chart_picture import label
from pipeline.reporting.report.scored_run import Interval, ScoredRun, Scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

_WIDTH: Final = 7.2
_ROW, _RUN, _FOOT = 0.2, 0.11, 0.75
_OTHERS: Final = (("#d55e00", "D"), ("#117733", "s"), ("#aa4499", "^"), ("#8c6d1f", "v"))
_MORE: Final = ("#6b6b6b", "P")
_MOST_ROWS: Final = 24
"""Classes from which on this run stands alone: the table has the others."""
_LEGEND_NAME: Final = 18


def score_chart(runs: Sequence[ScoredRun]) -> Figure:
    """A row per class and one for the mean, a point with its interval per run.

    Args:
        runs: This run first; the others have the same classes.
    """
    with style.styled():
        return _draw(runs)


def _draw(runs: Sequence[ScoredRun]) -> Figure:
    first = runs[0].scores
    shown = runs if len(first.classes) <= _MOST_ROWS else runs[:1]
    rows = 1 + len(first.classes)
    step = _ROW + _RUN * len(shown)
    height = _FOOT + step * rows
    keys = -(-len(shown) // 3) if len(shown) > 1 else 0
    figure = style.new_figure(_WIDTH, height, _title(first), _notes(), keys)
    axes = figure.subplots()
    points = [_draw_run(axes, run, place, len(shown), step) for place, run in enumerate(shown)]
    names = [label(row.name) for _, row in sorted(first.classes.items())]
    axes.set_yticks(range(rows), ["mean", *names])
    axes.get_yticklabels()[0].set_fontweight("bold")
    axes.tick_params(axis="y", length=0, labelcolor=style.INK, labelsize=10)
    axes.axhline(0.5, color=style.FAINT, linewidth=0.8)
    axes.grid(visible=False, axis="y")
    for place in range(1, rows, 2):
        axes.axhspan(place - 0.5, place + 0.5, color=style.GRID, alpha=0.35, linewidth=0, zorder=0)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_xlim(-0.01, 1.01)
    axes.set_xlabel("Jaccard index")
    if keys:
        style.add_legend(figure, points, height, keys)
    return figure


def _title(scores: Scores) -> str:
    classes = [row for row in scores.classes.values() if row.jaccard is not None]
    if len(classes) < 2:
        return f"Mean Jaccard index {scores.mean_jaccard:.3f}"
    best = max(classes, key=lambda row: row.jaccard or 0.0)
    worst = min(classes, key=lambda row: row.jaccard or 0.0)
    return (
        f"{label(best.name, 24)} is found best ({best.jaccard:.2f}), "
        f"{label(worst.name, 24)} worst ({worst.jaccard:.2f})"
    )


def _notes() -> list[str]:
    return ["Points: Jaccard index. Lines: where it lies in 90% of draws of whole scenes."]


def _draw_run(axes: Axes, run: ScoredRun, place: int, count: int, step: float) -> Line2D:
    """Points and whiskers of a run, a little below those of the run before it."""
    scores = run.scores
    shift = (place - (count - 1) / 2) * _RUN / step
    entries: list[tuple[float | None, Interval]] = [(scores.mean_jaccard, scores.interval)]
    entries += [(row.jaccard, row.interval) for _, row in sorted(scores.classes.items())]
    found = [
        (y + shift, value, ends) for y, (value, ends) in enumerate(entries) if value is not None
    ]
    others = _OTHERS[place - 1] if 0 < place <= len(_OTHERS) else _MORE
    colour, marker = (style.STRONG, "o") if place == 0 else others
    axes.hlines(
        [y for y, _, _ in found],
        [low for _, _, (low, _) in found],
        [high for _, _, (_, high) in found],
        color=colour,
        linewidth=2 if place == 0 else 1.2,
    )
    name = "this run: " if place == 0 else ""
    (points,) = axes.plot(
        [value for _, value, _ in found],
        [y for y, _, _ in found],
        linestyle="none",
        marker=marker,
        markersize=7 if place == 0 else 5,
        markeredgecolor=style.PAPER,
        markeredgewidth=0.5,
        color=colour,
        label=name + label(run.name, _LEGEND_NAME),
        gid=f"run {place}",
        zorder=3,
        clip_on=False,
    )
    return points
