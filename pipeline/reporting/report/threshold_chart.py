"""The Jaccard index of a class at every threshold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.learning.metrics import LEVELS, NOTHING
from pipeline.mapping.thresholds import probability_of
from pipeline.reporting import chart_style as style
from pipeline.reporting.page.blocks import Picture
from pipeline.reporting.report.panel import key_picture, panel
from pipeline.reporting.viewer.data import ViewerClass

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PROBABILITIES: Final = np.arange(1, LEVELS + 1) / (LEVELS - 1)
_HEIGHTS: Final = (0.1, 0.25, 0.5, 1.0)


def threshold_chart(
    row: ViewerClass,
    curve: NDArray[np.float64],
    folds: Sequence[NDArray[np.float64]],
    chosen: int,
    by_fold: Sequence[int],
) -> Figure:
    """Curves over the threshold, with those that are used.

    Args:
        row: The class.
        curve: (256,) Jaccard index of all folds at the thresholds 1 to 256.
        folds: The same of each fold; none to leave them out.
        chosen: Level for scenes without labels.
        by_fold: Level that each fold is cut at.
    """
    with style.styled():
        figure, (axes,) = panel(row)
        for number, fold in enumerate(folds):
            axes.plot(
                _PROBABILITIES, fold, color=style.PALE, linewidth=1, gid=f"fold {number}", zorder=2
            )
        axes.plot(_PROBABILITIES, curve, color=style.STRONG, linewidth=2, gid="all", zorder=3)
        axes.axvline(0.5, color=style.FAINT, linestyle=(0, (3, 2)), linewidth=1)
        if chosen < NOTHING:
            at = probability_of(chosen)
            axes.axvline(at, color=style.BEST, linewidth=1)
            axes.plot(
                at, curve[chosen - 1], "o", color=style.BEST, markersize=5, gid="chosen", zorder=4
            )
        ticks = [probability_of(level) for level in by_fold if level < NOTHING]
        axes.plot(
            ticks,
            [0] * len(ticks),
            linestyle="none",
            marker="|",
            markersize=13,
            markeredgewidth=1.4,
            color=style.BEST,
            gid="thresholds of folds",
            zorder=4,
        )
        top = max(curve.max(initial=0), *(fold.max(initial=0) for fold in folds), 0)
        axes.set_ylim(0, next(height for height in _HEIGHTS if height >= min(1, top)))
        axes.set_xlim(0, 1.005)
        axes.set_xlabel("threshold, probability")
        axes.set_ylabel("Jaccard index")
    return figure


def threshold_key(folds: bool) -> Picture:
    """What the lines mean."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - see chart_style.styled

    def line(colour: str, label: str, **more: object) -> Line2D:
        return Line2D([], [], color=colour, label=label, **more)  # type: ignore[arg-type]

    handles = [line(style.STRONG, "all folds" if folds else "all scenes", linewidth=2)]
    handles += [line(style.PALE, "each fold", linewidth=1)] if folds else []
    handles.append(line(style.BEST, "threshold of new scenes", marker="o", markersize=5))
    if folds:
        ticks = "threshold of each fold, by the others"
        handles.append(
            line(
                style.BEST, ticks, linestyle="none", marker="|", markersize=11, markeredgewidth=1.4
            )
        )
    handles.append(line(style.FAINT, "0.5", linestyle=(0, (3, 2)), linewidth=1))
    return key_picture(handles, "Meaning of the lines of the charts below.")
