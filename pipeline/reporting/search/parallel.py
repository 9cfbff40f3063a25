"""All trials of a search as lines across its dimensions, the best on top."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.reporting import chart_style as style
from pipeline.reporting.search.axis import Axis, tick_text, varying
from pipeline.reporting.search.dimension_charts import jitter
from pipeline.reporting.search.scale import Scale, scale_of
from pipeline.reporting.search.tally import last_scored, score_of
from pipeline.search.entry import Entry
from pipeline.search.halving import best

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_STEP, _HEIGHT = 1.22, 5.6
_NARROWEST = 8.0
_SPREAD = 0.08
_UNUSED = -0.11
"""Where lines pass an axis that does not apply to their trial."""


def parallel_chart(
    entries: Sequence[Entry], axes: Sequence[Axis], budgets: Sequence[int]
) -> Figure:
    """A line per trial across the dimensions that vary, and its score at the right.

    Args:
        entries: The ledger's, in its order.
        axes: The space's, in its order.
        budgets: Steps of each rung, smallest first.
    """
    with style.styled():
        return _draw(entries, axes, budgets)


def _draw(entries: Sequence[Entry], axes: Sequence[Axis], budgets: Sequence[int]) -> Figure:
    scored = last_scored(entries)
    shown = varying(axes, scored)
    winner = best(entries, budgets)
    if winner is None or not shown:
        figure = style.new_figure(_NARROWEST, 2.0, "No trials to compare yet")
        style.say_nothing(figure.subplots(), "needs scores of two trials that differ")
        return figure
    scales = [scale_of(axis, scored) for axis in shown]
    width = max(_STEP * (len(shown) + 1) + 0.6, _NARROWEST)
    title = f"Trial {winner.trial} is the best: {winner.score:.3f}; what it shares with others"
    notes = [
        f"{len(scored)} trials, each with its score at the largest budget that it reached; dark "
        f"lines are the better ones, orange is trial {winner.trial}"
    ]
    figure = style.new_figure(width, _HEIGHT, title, notes)
    cell = figure.subplots()
    cell.set_axis_off()
    cell.set_xlim(-0.45, len(shown) + 0.45)
    cell.set_ylim(_UNUSED - 0.06, 1.19)
    _draw_lines(cell, scored, scales, winner)
    for at, scale in enumerate(scales):
        _draw_axis(cell, at, scale, scored)
    _draw_scores(cell, len(shown), scored)
    return figure


def _draw_lines(
    cell: Axes, scored: Sequence[Entry], scales: Sequence[Scale], winner: Entry
) -> None:
    """The trials, the worst first, so that the best are on top."""
    worst, top = _range(scored)
    order = sorted(scored, key=lambda entry: (entry is winner, score_of(entry), -entry.trial))
    faintest = 0.3 * min(1.0, 60 / len(scored))
    for entry in order:
        share = (score_of(entry) - worst) / (top - worst)
        heights = [_height(scale, entry) for scale in scales]
        is_best = entry is winner
        cell.plot(
            range(len(scales) + 1),
            [*heights, share],
            color=style.BEST if is_best else style.ramp(share),
            linewidth=2.6 if is_best else 0.8 + 0.7 * share,
            alpha=1.0 if is_best else faintest + (0.85 - faintest) * share**2,
            gid=f"trial {entry.trial}",
            zorder=3 if is_best else 2,
        )


def _height(scale: Scale, entry: Entry) -> float:
    """Where a trial's line passes an axis; those of one option lie a little apart."""
    share = scale.share_of(entry)
    if share is None:
        return _UNUSED + _SPREAD * jitter(entry.trial)
    return share + (_SPREAD * jitter(entry.trial) if scale.axis.options is not None else 0.0)


def _draw_axis(cell: Axes, at: int, scale: Scale, scored: Sequence[Entry]) -> None:
    """An upright with its name above and its values beside it."""
    cell.vlines(at, 0, 1, colors=style.FAINT, linewidth=1, zorder=4)
    _name(cell, at, scale.axis.name)
    if scale.axis.options is not None:
        for number, option in enumerate(scale.axis.options):
            _label(cell, at, scale.share(number), style.shorten(option, 13))
    else:
        for value in scale.ticks():
            _label(cell, at, scale.share(value), tick_text(value))
    if any(scale.share_of(entry) is None for entry in scored):
        _label(cell, at, _UNUSED, "not used")


def _draw_scores(cell: Axes, at: int, scored: Sequence[Entry]) -> None:
    """The upright of the scores, at the right."""
    worst, top = _range(scored)
    edges = [number / 100 for number in range(101)]
    cell.vlines(
        [at] * 100,
        [edge - 0.003 for edge in edges[:-1]],
        [edge + 0.003 for edge in edges[1:]],
        colors=[style.ramp(edge) for edge in edges[:-1]],
        linewidth=6,
        zorder=4,
    )
    _name(cell, at, "score")
    for share in (0, 0.25, 0.5, 0.75, 1):
        _label(cell, at, share, f"{worst + share * (top - worst):.3f}")


def _range(scored: Sequence[Entry]) -> tuple[float, float]:
    """Lowest and highest score, a little apart."""
    scores = [score_of(entry) for entry in scored]
    low, high = min(scores), max(scores)
    return (low, high) if high > low else (low - 0.01, high)


def _name(cell: Axes, at: int, name: str) -> None:
    """A dotted name in lines above its axis."""
    lines = [style.shorten(part, 15) for part in name.split(".")]
    if len(lines) > 3:
        lines = [lines[0], "…", lines[-1]]
    text = ".\n".join(lines)
    cell.text(at, 1.03, text, ha="center", va="bottom", fontsize=9.5, fontweight="bold")


def _label(cell: Axes, at: int, height: float, text: str) -> None:
    """A value beside an axis, on a pale ground that keeps lines off."""
    ground = {"facecolor": style.PAPER, "edgecolor": "none", "alpha": 0.8, "pad": 1.0}
    cell.annotate(
        text,
        (at, height),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
        fontsize=8.5,
        color=style.INK,
        bbox=ground,
        zorder=5,
    )
