"""What a class's probabilities say, and what is true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.reporting import chart_style as style
from pipeline.reporting.report.calibration import BINS, Calibration
from pipeline.reporting.report.panel import panel
from pipeline.reporting.viewer.data import ViewerClass

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BARS = 0.55


def calibration_chart(row: ViewerClass, found: Calibration, place: int) -> Figure:
    """A reliability diagram over the number of pixels of each bin.

    Args:
        row: The class.
        found: Of all classes.
        place: Of this class among them.
    """
    with style.styled():
        figure, (axes, bars) = panel(row, below=_BARS)
        axes.plot([0, 1], [0, 1], color=style.FAINT, linestyle=(0, (3, 2)), linewidth=1)
        there = found.pixels[place] > 0
        axes.plot(
            found.predicted[place, there],
            found.true[place, there],
            color=style.STRONG,
            marker="o",
            markersize=4.5,
            linewidth=1.5,
            gid="bins",
            clip_on=False,
            zorder=3,
        )
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.tick_params(labelbottom=False)
        axes.set_ylabel("truly of it, share")
        _draw_bars(bars, found, place)
    return figure


def _draw_bars(axes: Axes, found: Calibration, place: int) -> None:
    pixels = found.pixels[place]
    middles = (np.arange(BINS) + 0.5) / BINS
    axes.bar(
        middles, pixels, width=0.8 / BINS, color=style.PALE, edgecolor=style.STRONG, linewidth=0.5
    )
    axes.set_yscale("log")
    axes.set_xlim(0, 1)
    top = max(10.0, float(pixels.max(initial=0)))
    axes.set_ylim(0.7, 3 * top)
    ends = int(np.log10(top))
    axes.set_yticks([1, 10**ends], ["1", _power_text(ends)])
    axes.minorticks_off()
    axes.set_xlabel("probability")
    axes.set_ylabel("pixels")


def _power_text(power: int) -> str:
    """A power of ten in few letters: 10, 1k, 100M."""
    return f"{10 ** (power % 3)}{' kMGTP'[power // 3].strip()}"
