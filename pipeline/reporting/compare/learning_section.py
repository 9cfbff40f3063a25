"""The section that shows how runs learned: mean held-out Jaccard index against steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.reporting import chart_style as style
from pipeline.reporting.compare.run_style import RunStyle
from pipeline.reporting.page.blocks import Section
from pipeline.reporting.report.chart_picture import chart_picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Curve = Sequence[tuple[int, float]]
"""Steps and held-out Jaccard index of one training."""
_WIDTH: Final = 7.6
_HEIGHT: Final = 3.6


def mean_curve(curves: Sequence[Curve]) -> list[tuple[int, float]]:
    """Mean of trainings, at the steps that lie within all of them.

    Between its validations a training is taken to go straight.
    """
    known = [sorted(curve) for curve in curves if curve]
    if not known:
        return []
    first, last = max(curve[0][0] for curve in known), min(curve[-1][0] for curve in known)
    steps = sorted({step for curve in known for step, _ in curve if first <= step <= last})
    values = [np.interp(steps, *np.array(curve, float).T) for curve in known]
    return list(zip(steps, np.mean(values, axis=0).tolist(), strict=True)) if steps else []


def learning_section(
    curves: Mapping[str, Sequence[Curve]], styles: Mapping[str, RunStyle]
) -> Section | None:
    """Curves of all trainings of each run and their mean; None if no run has any."""
    known = {run: [curve for curve in found if curve] for run, found in curves.items()}
    known = {run: found for run, found in known.items() if found}
    if not known:
        return None
    with style.styled():
        figure = _draw(known, styles)
    alt = "Lines of the mean held-out Jaccard index against steps, thick for the mean of each run."
    return Section("learning", "Learning", (chart_picture(figure, alt),))


def _alike(curves: Mapping[str, Sequence[Curve]]) -> list[list[str]]:
    """Runs by what they have trained: those with the same curves stand together."""
    groups: dict[str, list[str]] = {}
    for run, found in curves.items():
        groups.setdefault(repr(sorted(map(list, found))), []).append(run)
    return list(groups.values())


def _draw(curves: Mapping[str, Sequence[Curve]], styles: Mapping[str, RunStyle]) -> Figure:
    title = "Held-out Jaccard index as the networks learn"
    note = "Mean over classes, in pixels. Thick: mean of a run's trainings; thin: each of them."
    groups = _alike(curves)
    figure = style.new_figure(_WIDTH, _HEIGHT, title, [note], keys=len(groups))
    axes, handles = figure.subplots(), []
    for runs in groups:
        found, look = curves[runs[0]], styles[runs[0]]
        for curve in found if len(found) > 1 else ():
            axes.plot(*zip(*curve, strict=True), color=look.colour, linewidth=0.8, alpha=0.45)
        mean = mean_curve(found)
        (line,) = axes.plot(
            [step for step, _ in mean],
            [value for _, value in mean],
            color=look.colour,
            marker=look.marker,
            markersize=5,
            linewidth=2,
            label=style.shorten(", ".join(runs), 60),
            gid=f"mean {runs[0]}",
        )
        handles.append(line)
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    axes.set_xlabel("steps")
    axes.set_ylabel("mean Jaccard index")
    style.add_legend(figure, handles, _HEIGHT, lines=len(groups))
    return figure
