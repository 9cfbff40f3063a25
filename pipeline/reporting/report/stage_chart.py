"""Time and size of each stage as bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from pipeline.reporting import chart_style as style
from pipeline.reporting.report.amounts import duration, size
from pipeline.reporting.report.stage_record import StageRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _ROW, _FOOT = 10.5, 0.32, 0.75
_ROOM: Final = 1.3
"""The axes reach so many times farther than the longest bar: room for its number."""


def stage_chart(stages: Sequence[StageRecord]) -> Figure:
    """Two panels with a bar per stage, in the order of the chain.

    Args:
        stages: At least one.
    """
    with style.styled():
        return _draw(stages)


def _draw(stages: Sequence[StageRecord]) -> Figure:
    height = _FOOT + _ROW * len(stages)
    figure = style.new_figure(_WIDTH, height, _title(stages))
    left, right = figure.subplots(1, 2, sharey=True)
    times = [stage.seconds for stage in stages]
    longest = max((seconds for seconds in times if seconds is not None), default=0.0)
    unit, name = _unit(longest)
    _bars(left, times, unit, duration, style.STRONG)
    left.set_xlabel(f"time, {name}")
    sizes = [float(stage.size) for stage in stages]
    factor, letters = (1e9, "GB") if max(sizes) >= 1e9 else (1e6, "MB")
    _bars(right, sizes, factor, size, style.FAINT)
    right.set_xlabel(f"results on disk, {letters}")
    left.set_yticks(range(len(stages)), [stage.name for stage in stages])
    left.set_ylim(len(stages) - 0.45, -0.55)
    for axes in (left, right):
        axes.tick_params(axis="y", length=0, labelcolor=style.INK)
        axes.grid(visible=False, axis="y")
    return figure


def _title(stages: Sequence[StageRecord]) -> str:
    """What took most."""
    known = [(stage.seconds, stage.name) for stage in stages if stage.seconds]
    if not known:
        return "Size of each stage's results"
    total, (most, name) = sum(seconds for seconds, _ in known), max(known)
    return f"{name} took {100 * most / total:.0f} % of {duration(total)}"


def _unit(longest: float) -> tuple[float, str]:
    """Seconds of the unit that an axis counts in, and its name."""
    if longest >= 2 * 3600:
        return 3600.0, "hours"
    return (60.0, "minutes") if longest >= 120 else (1.0, "seconds")


def _bars(
    axes: Axes,
    values: Sequence[float | None],
    unit: float,
    text: Callable[[float], str],
    colour: str,
) -> None:
    """A bar per row with its number behind it."""
    known = [(value or 0.0) / unit for value in values]
    axes.barh(range(len(values)), known, height=0.62, color=colour, gid="bars")
    top = max(known) or 1.0
    axes.set_xlim(0, _ROOM * top)
    for row, value in enumerate(values):
        label = "not recorded" if value is None else text(value)
        axes.text(known[row] + 0.012 * _ROOM * top, row, label, va="center", fontsize=9)
