"""Charts of shares of classes: on the ground and as drawn, and in each fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.reporting import chart_style as style
from pipeline.reporting.report.amounts import percent
from pipeline.reporting.report.chart_picture import label
from pipeline.reporting.report.fold_style import fold_look

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _ROW, _FOOT = 9.5, 0.3, 0.75
_TICKS: Final = tuple(
    mantissa * 10.0**power for power in range(-6, 1) for mantissa in (1, 2, 5) if power < 0
)
_MOST_TICKS: Final = 7


@dataclass(frozen=True)
class Shares:
    """A row of a chart of shares.

    Attributes:
        name: Name of the class, and of its model where several have it.
        values: Shares, one for each series; None where there is none.
    """

    name: str
    values: tuple[float | None, ...]


def oversampling_chart(rows: Sequence[Shares]) -> Figure:
    """Share of each class on the labelled ground and in the windows that are drawn.

    Args:
        rows: With two values each.
    """
    factors = [
        (drawn / there, row.name)
        for row in rows
        for there, drawn in [row.values]
        if there and drawn
    ]
    title = "Share of each class on the ground and as drawn"
    if factors:
        most, name = max(factors)
        title = f"Windows hold {_times(most)} times as much {label(name, 24)} as the ground"
    looks = (("on the labelled ground", style.FAINT, "o"), ("in drawn windows", style.STRONG, "D"))
    with style.styled():
        return _draw(rows, looks, title, factors=True)


def fold_chart(rows: Sequence[Shares]) -> Figure:
    """Share of each class in the ground that each fold holds out."""
    spreads = [
        (max(known) / min(known), row.name, min(known), max(known))
        for row in rows
        if len(known := [value for value in row.values if value]) > 1
    ]
    title = "Share of each class in the ground that a fold holds out"
    if spreads:
        _, name, low, high = max(spreads)
        title = f"{label(name, 24)} differs most between folds: {percent(low)} to {percent(high)}"
    count = max((len(row.values) for row in rows), default=0)
    looks = tuple((f"fold {n}", *fold_look(n)) for n in range(count))
    with style.styled():
        return _draw(rows, looks, title)


def _times(factor: float) -> str:
    return f"{factor:,.0f}" if factor >= 10 else f"{factor:.2g}"


def _draw(
    rows: Sequence[Shares],
    looks: Sequence[tuple[str, str, str]],
    title: str,
    factors: bool = False,
) -> Figure:
    height = _FOOT + _ROW * len(rows)
    lines = -(-len(looks) // 8)
    figure = style.new_figure(_WIDTH, height, title, keys=lines)
    axes = figure.subplots()
    for place, row in enumerate(rows):
        known = [value for value in row.values if value]
        if known:
            axes.plot([min(known), max(known)], [place, place], color=style.PALE, linewidth=2.5)
        if factors and len(known) == 2:
            _factor(axes, place, known[1] / known[0])
    handles: list[Artist] = []
    for number, (name, colour, marker) in enumerate(looks):
        points = [(v, at) for at, row in enumerate(rows) if (v := row.values[number])]
        (line,) = axes.plot(
            [value for value, _ in points],
            [place for _, place in points],
            linestyle="none",
            marker=marker,
            markersize=7,
            markeredgecolor=style.PAPER,
            markeredgewidth=0.6,
            color=colour,
            label=name,
            gid=name,
            zorder=3,
        )
        handles.append(line)
    _set_axes(axes, rows)
    style.add_legend(figure, handles, height, lines)
    return figure


def _factor(axes: Axes, place: int, factor: float) -> None:
    """How many times the second value is the first, at the right edge."""
    axes.text(
        1.01,
        place,
        f"× {_times(factor)}",
        transform=axes.get_yaxis_transform(),
        va="center",
        fontsize=9.5,
        color=style.INK,
    )


def _set_axes(axes: Axes, rows: Sequence[Shares]) -> None:
    """A row per class from the top, shares in per cent on an even scale of factors."""
    known = [value for row in rows for value in row.values if value]
    low, high = (min(known), max(known)) if known else (0.01, 1.0)
    low, high = low / 1.35, high * 1.35
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    inside = [tick for tick in _TICKS if low <= tick <= high] or [low * 1.35]
    ticks = inside if len(inside) <= _MOST_TICKS else [t for t in inside if f"{t:.0e}"[0] == "1"]
    axes.set_xticks(ticks, [percent(tick) for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("share of the ground, on a logarithmic scale")
    axes.set_yticks(range(len(rows)), [label(row.name) for row in rows])
    axes.tick_params(axis="y", length=0, labelcolor=style.INK)
    axes.set_ylim(len(rows) - 0.4, -0.6)
