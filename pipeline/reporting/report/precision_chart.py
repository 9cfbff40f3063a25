"""Precision of a class over its recall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.learning.metrics import NOTHING
from pipeline.reporting import chart_style as style
from pipeline.reporting.page.blocks import Picture
from pipeline.reporting.report.panel import key_picture, panel
from pipeline.reporting.viewer.data import ViewerClass

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_EQUAL: Final = (0.2, 0.4, 0.6, 0.8)


def precision_chart(
    row: ViewerClass,
    precision: NDArray[np.float64],
    recall: NDArray[np.float64],
    chosen: int,
    half: int,
) -> Figure:
    """A curve from every pixel found to none, with two thresholds.

    Args:
        row: The class.
        precision: (256,) at the thresholds 1 to 256, NaN where nothing is found.
        recall: (256,) likewise, NaN where nothing is true.
        chosen: Level for scenes without labels.
        half: Level of 0.5.
    """
    with style.styled():
        figure, (axes,) = panel(row, right=0.26)
        if np.isfinite(recall).any():
            _draw_equal(axes)
            axes.plot(recall, precision, color=style.STRONG, linewidth=2, gid="curve", zorder=3)
            _mark(axes, recall, precision, half, "D", style.FAINT, "at 0.5")
            _mark(axes, recall, precision, chosen, "o", style.BEST, "chosen")
        else:
            style.say_nothing(axes, "no pixel is truly of it")
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("recall")
        axes.set_ylabel("precision")
    return figure


def _draw_equal(axes: Axes) -> None:
    """Lines of equal Jaccard index, with its value where they end."""
    axes.grid(visible=False)
    for value in _EQUAL:
        recall = np.linspace(value, 1, 60)
        axes.plot(recall, 1 / (1 / value + 1 - 1 / recall), color=style.GRID, linewidth=1, zorder=1)
        axes.annotate(
            f"{value:g}",
            (1, value),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=style.FAINT,
        )


def _mark(
    axes: Axes,
    recall: NDArray[np.float64],
    precision: NDArray[np.float64],
    level: int,
    marker: str,
    colour: str,
    name: str,
) -> None:
    if level >= NOTHING:
        return
    axes.plot(
        recall[level - 1],
        precision[level - 1],
        marker=marker,
        color=colour,
        markersize=6,
        markeredgecolor=style.PAPER,
        linestyle="none",
        gid=name,
        zorder=4,
        clip_on=False,
    )


def precision_key() -> Picture:
    """What lines and points mean."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - see chart_style.styled

    handles = [
        Line2D([], [], color=style.STRONG, linewidth=2, label="all thresholds"),
        Line2D(
            [], [], color=style.BEST, marker="o", linestyle="none", label="threshold of new scenes"
        ),
        Line2D([], [], color=style.FAINT, marker="D", linestyle="none", label="threshold 0.5"),
        Line2D([], [], color="#c8c8c8", linewidth=1, label="equal Jaccard index, as at the right"),
    ]
    return key_picture(handles, "Meaning of lines and points of the charts below.")
