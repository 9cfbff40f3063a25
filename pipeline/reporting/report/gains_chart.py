"""What each step of post-processing gains, as bars from one mean to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from pipeline.reporting import chart_style as style
from pipeline.reporting.report.chart_picture import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _ROW, _FOOT = 8.0, 0.36, 0.8
_THICK: Final = 0.62
_LOSS: Final = style.FAILED


def gains_chart(record: Mapping[str, Any]) -> Figure:
    """A row per step: what it adds to those before it, and what would be lost without it alone.

    Args:
        record: What ``gains.json`` holds, with a step or more beside the first.
    """
    with style.styled():
        return _draw(record)


def _draw(record: Mapping[str, Any]) -> Figure:
    from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: PLC0415 - see styled
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 - see styled

    steps = record["steps"]
    height = _FOOT + _ROW * (len(steps) + 1)
    whole = record["end"] - record["start"]
    figure = style.new_figure(
        _WIDTH,
        height,
        f"Post-processing changes the mean Jaccard index by {whole:+.4f}",
        ["Blue gains, purple loses."],
    )
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(w_pad=0.14)  # numbers at the ends of the two axes stay apart
    _draw_way(left, steps, record["end"])
    _draw_shares(right, [row["share"] for row in steps[1:]])
    names = ["cut at 0.5", *(label(row["step"], 28) for row in steps[1:]), "all of it"]
    left.set_yticks(range(len(names)), names)
    left.set_ylim(len(names) - 0.5, -0.5)
    for axes in (left, right):
        axes.tick_params(axis="y", length=0, labelcolor=style.INK, labelsize=10)
        axes.grid(visible=False, axis="y")
    left.xaxis.set_major_locator(MaxNLocator(4))
    right.xaxis.set_major_locator(MaxNLocator(3))
    left.set_xlabel("mean Jaccard index after each step")
    right.set_xlabel("lost without this step alone")
    return figure


def _draw_way(axes: Axes, steps: Sequence[Mapping[str, Any]], end: float) -> None:
    """A bar per step from the mean before it to that after it; the ends are points."""
    means = [row["mean"] for row in steps]
    room = 0.28 * (max(means) - min(means)) or 0.01
    for place, row in enumerate(steps[1:], 1):
        before, after = means[place - 1], row["mean"]
        colour = style.STRONG if after >= before else _LOSS
        axes.barh(place, after - before, left=before, height=_THICK, color=colour, gid="gain")
        axes.plot([after] * 2, [place - 0.5, place + 1], color=style.FAINT, linewidth=0.7, zorder=1)
        _write(axes, max(before, after), place, f"{row['gain']:+.4f}")
    axes.plot([means[0]] * 2, [0, 1], color=style.FAINT, linewidth=0.7, zorder=1)
    for place, value in ((0, means[0]), (len(steps), end)):
        axes.plot(value, place, "o", color=style.INK, markersize=7, gid="end", clip_on=False)
        _write(axes, value, place, f"{value:.4f}", 9)
    axes.set_xlim(min(means) - 0.3 * room, max(means) + 1.6 * room)


def _draw_shares(axes: Axes, shares: Sequence[float]) -> None:
    """A bar per step from nothing to what would be lost."""
    low, high = min(0.0, *shares), max(0.0, *shares)
    room = 0.45 * (high - low) or 0.01
    for place, share in enumerate(shares, 1):
        colour = style.STRONG if share >= 0 else _LOSS
        axes.barh(place, share, height=_THICK, color=colour, gid="share")
        _write(axes, max(share, 0.0), place, f"{share:+.4f}")
    axes.axvline(0, color=style.FAINT, linewidth=0.8)
    axes.set_xlim(low - 0.1 * room, high + room)


def _write(axes: Axes, x: float, y: float, text: str, away: int = 4) -> None:
    axes.annotate(
        text, (x, y), xytext=(away, 0), textcoords="offset points", va="center", fontsize=9
    )
