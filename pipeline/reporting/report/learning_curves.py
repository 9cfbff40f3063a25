"""Learning curves: loss, held-out Jaccard index and learning rate against the step."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.reporting import chart_style as style
from pipeline.reporting.report.chart_picture import label
from pipeline.reporting.report.fold_style import fold_look
from pipeline.reporting.report.training_record import TrainingRecord

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ALL: Final = "all scenes, none held out"
_WIDTH: Final = 12.0
_LOW, _HIGH = 2.0, 3.2
"""Height of a row of panels, inches: one of several models, and the only one."""
_KEYS: Final = 8
"""Entries in a line of the legend."""
_TICKS: Final = (1, 2, 5, 10)


@dataclass(frozen=True)
class _Look:
    """How the trainings of a fold are drawn."""

    label: str
    colour: str
    marker: str
    dashed: bool = False


def learning_curves(trainings: Sequence[TrainingRecord]) -> Figure:
    """A row of panels per model, a line per training, a ring at the step that was kept.

    Args:
        trainings: At least one; models are drawn in the order in which they come first.
    """
    with style.styled():
        return _draw(trainings)


def _draw(trainings: Sequence[TrainingRecord]) -> Figure:
    models = list(dict.fromkeys(training.model for training in trainings))
    folds = sorted({t.fold for t in trainings}, key=lambda fold: (fold is None, fold or 0))
    looks = {fold: _look(fold) for fold in folds}
    handles = _keys(looks.values(), any(t.score is not None for t in trainings))
    lines = -(-len(handles) // _KEYS)
    height = _HIGH if len(models) == 1 else _LOW * len(models) + 0.3
    notes = ["A line per training; loss is the mean over the steps since the mark before."]
    figure = style.new_figure(_WIDTH, height, _title(trainings), notes, lines)
    panels = figure.subplots(len(models), 3, squeeze=False, width_ratios=(1, 1, 0.55))
    for row, model in enumerate(models):
        own = [training for training in trainings if training.model == model]
        _draw_model(panels[row], own, looks)
        if len(models) > 1:
            panels[row, 0].set_title(label(model), loc="left", fontweight="bold", fontsize=11)
    for axes in panels[-1]:
        axes.set_xlabel("step")
    style.add_legend(figure, handles, height, lines)
    return figure


def _look(fold: int | None) -> _Look:
    if fold is None:
        return _Look(_ALL, style.INK, "x", dashed=True)
    return _Look(f"fold {fold} held out", *fold_look(fold))


def _title(trainings: Sequence[TrainingRecord]) -> str:
    """What one sees."""
    scores = [training.score for training in trainings if training.score is not None]
    if not scores:
        return "Loss of trainings that hold out nothing"
    low, high = min(scores), max(scores)
    kept = f"{low:.3f}" if f"{low:.3f}" == f"{high:.3f}" else f"{low:.3f} to {high:.3f}"
    return f"Kept networks reach a mean Jaccard index of {kept} on held-out ground"


def _draw_model(
    panels: Sequence[Axes], trainings: Sequence[TrainingRecord], looks: dict[int | None, _Look]
) -> None:
    """Loss, score and rate of the trainings of one model."""
    loss, score, rate = panels
    for training in trainings:
        look, rows = looks[training.fold], training.rows
        steps = [row.step for row in rows]
        _line(loss, steps, [row.loss for row in rows], look, f"loss {training.name}")
        _line(rate, steps, [row.rate for row in rows], look, f"rate {training.name}", small=True)
        if training.fold is not None:
            _line(score, steps, [row.mean for row in rows], look, f"score {training.name}")
            _ring(score, training)
    loss.set_ylabel("loss")
    score.set_ylabel("held-out Jaccard")
    rate.set_ylabel("learning rate")
    _set_limits(panels, trainings)


def _set_limits(panels: Sequence[Axes], trainings: Sequence[TrainingRecord]) -> None:
    """Axes that begin at 0 where 0 means something, with few and whole ticks."""
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 - see styled

    loss, score, rate = panels
    means = [row.mean for t in trainings for row in t.rows if not math.isnan(row.mean)]
    losses = [row.loss for t in trainings for row in t.rows if math.isfinite(row.loss)]
    score.set_ylim(0, max(1.12 * max(means, default=0.0), 0.02))
    if losses and min(losses) >= 0 and max(losses) > 0:
        loss.set_ylim(0, 1.08 * max(losses))
    top = max((row.rate for t in trainings for row in t.rows), default=0.0)
    rate.set_ylim(0, 1.12 * top or 1)
    last = max((row.step for t in trainings for row in t.rows), default=1)
    for axes in panels:
        axes.set_xlim(0, 1.04 * last)
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=_TICKS))
        most = 3 if axes is rate else 6
        axes.xaxis.set_major_locator(MaxNLocator(most, steps=_TICKS, integer=True))


def _line(
    axes: Axes,
    steps: Sequence[int],
    values: Sequence[float],
    look: _Look,
    name: str,
    small: bool = False,
) -> None:
    axes.plot(
        steps,
        values,
        color=look.colour,
        linestyle=(0, (4, 2)) if look.dashed else "solid",
        linewidth=1.5,
        marker=look.marker,
        markersize=3 if small else 4.5,
        gid=name,
    )


def _ring(axes: Axes, training: TrainingRecord) -> None:
    """A ring around the step whose weights were kept."""
    if training.score is None:
        return
    axes.plot(
        [training.best_step],
        [training.score],
        linestyle="none",
        marker="o",
        markersize=11,
        markerfacecolor="none",
        markeredgecolor=style.BEST,
        markeredgewidth=1.6,
        gid=f"kept {training.name}",
        zorder=4,
    )


def _keys(looks: Iterable[_Look], has_kept: bool) -> list[Artist]:
    """The legend's parts."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - see styled

    keys: list[Artist] = [
        Line2D(
            [],
            [],
            color=look.colour,
            linestyle=(0, (4, 2)) if look.dashed else "solid",
            linewidth=1.8,
            marker=look.marker,
            markersize=5,
            label=look.label,
        )
        for look in looks
    ]
    if has_kept:
        ring = Line2D([], [], linestyle="none", marker="o", markersize=10, label="kept step")
        ring.set(markerfacecolor="none", markeredgecolor=style.BEST, markeredgewidth=1.6)
        keys.append(ring)
    return keys
