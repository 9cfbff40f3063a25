"""A search's progress: every score and the best so far, against trials and against time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.reporting import chart_style as style
from pipeline.reporting.search.tally import (
    best_so_far,
    budget_text,
    count,
    default_of,
    minutes_of,
    score_of,
)
from pipeline.search.entry import Entry
from pipeline.search.halving import best

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _HEIGHT, _STRIP = 12.0, 4.6, 0.32
SCORE = "mean Jaccard index of held-out ground"


def progress_chart(entries: Sequence[Entry], budgets: Sequence[int]) -> Figure:
    """Scores by budget and the best so far, against trials and against time.

    Args:
        entries: The ledger's, in its order.
        budgets: Steps of each rung, smallest first.
    """
    with style.styled():
        return _draw(entries, budgets)


def _draw(entries: Sequence[Entry], budgets: Sequence[int]) -> Figure:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 - see styled

    winner, start = best(entries, budgets), default_of(entries)
    if winner is None:
        return _draw_nothing(entries)
    broken = [name for name in ("failed", "rejected") if any(e.outcome == name for e in entries)]
    height = _HEIGHT + _STRIP * len(broken)
    keys = 1 if len(budgets) < 4 else 2
    notes = [count(entries).text()]
    figure = style.new_figure(_WIDTH, height, _title(winner, start, budgets), notes, keys)
    ratios = [_HEIGHT, *(_STRIP for _ in broken)]
    grid = figure.subplots(
        len(ratios), 2, squeeze=False, sharex="col", sharey="row", height_ratios=ratios
    )
    columns = (
        ([float(entry.trial) for entry in entries], "number of the trial"),
        (minutes_of(entries), "time of all workers together, minutes"),
    )
    handles: list[Artist] = []
    for column, (places, label) in enumerate(columns):
        handles = _draw_scores(grid[0, column], entries, budgets, places)
        for row, outcome in enumerate(broken, 1):
            _draw_strip(grid[row, column], entries, places, outcome, named=column == 0)
        grid[-1, column].set_xlabel(label)
        grid[0, column].set_xlim(*_limits(places))
    grid[0, 0].xaxis.set_major_locator(
        MaxNLocator(8, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1)
    )
    grid[0, 0].set_ylabel(SCORE)
    style.add_legend(figure, handles, height, keys)
    return figure


def _draw_nothing(entries: Sequence[Entry]) -> Figure:
    """No chart, but why there is none."""
    figure = style.new_figure(_WIDTH, 2.0, "No trial has a score yet", [count(entries).text()])
    reasons = Counter(f"{e.outcome}: {' '.join((e.reason or '').split())}" for e in entries)
    lines = [
        f"{number} x {style.shorten(reason, 110)}" for reason, number in reasons.most_common(4)
    ]
    style.say_nothing(figure.subplots(), "\n".join(lines) or "the ledger is empty")
    return figure


def _title(winner: Entry, start: Entry | None, budgets: Sequence[int]) -> str:
    """What the chart shows."""
    name = (
        f"Trial {winner.trial}, the default,"
        if winner.source == "default"
        else f"Trial {winner.trial}"
    )
    text = f"{name} is the best: {winner.score:.3f} after {winner.budget:,} steps"
    if winner.budget != budgets[-1]:
        text = f"{text}; no full training yet"
    elif start is not None and start.budget == winner.budget and start.trial != winner.trial:
        text = f"{text}, {score_of(winner) - score_of(start):+.3f} against the default"
    return text


def _draw_scores(
    axes: Axes, entries: Sequence[Entry], budgets: Sequence[int], places: Sequence[float]
) -> list[Artist]:
    """Points per budget, the line of the best, the default's level; gives the legend's parts."""
    scored = [(e, at) for e, at in zip(entries, places, strict=True) if e.score is not None]
    handles: list[Artist] = []
    for rung, budget in enumerate(budgets):
        points = [(at, score_of(entry)) for entry, at in scored if entry.budget == budget]
        (line,) = axes.plot(
            [at for at, _ in points],
            [score for _, score in points],
            linestyle="none",
            marker=style.rung_marker(rung, len(budgets)),
            markersize=7 if budget == budgets[-1] else 5.5,
            markeredgecolor=style.PAPER,
            markeredgewidth=0.5,
            color=style.rung_colour(rung, len(budgets)),
            label=f"after {budget_text(budget, budgets)}",
            gid=f"budget {budget}",
            zorder=3,
        )
        handles += [line] if points else []
    handles.append(_draw_best(axes, scored, budgets, max(places)))
    start = default_of(entries)
    if start is not None:
        label = f"the default, after {start.budget:,} steps"
        level = axes.axhline(
            score_of(start), color=style.INK, linestyle=(0, (5, 3)), linewidth=1.2, label=label
        )
        level.set_gid("default")
        handles.append(level)
    return handles


def _draw_best(
    axes: Axes, scored: Sequence[tuple[Entry, float]], budgets: Sequence[int], end: float
) -> Artist:
    """The line of the best score so far on the largest budget that was reached, and its end."""
    largest = max(entry.budget for entry, _ in scored)
    steps = best_so_far((at, score_of(e)) for e, at in scored if e.budget == largest)
    (line,) = axes.plot(
        [*(step.at for step in steps), max(end, steps[-1].at)],
        [*(step.score for step in steps), steps[-1].score],
        drawstyle="steps-post",
        color=style.BEST,
        linewidth=2,
        label="best so far" if largest == budgets[-1] else f"best so far after {largest:,} steps",
        gid="best so far",
        zorder=2,
    )
    axes.plot(
        steps[-1].at,
        steps[-1].score,
        marker="o",
        markersize=13,
        markerfacecolor="none",
        markeredgecolor=style.BEST,
        markeredgewidth=2,
        gid="best",
        zorder=4,
    )
    return line


def _draw_strip(
    axes: Axes, entries: Sequence[Entry], places: Sequence[float], outcome: str, named: bool
) -> None:
    """A mark for each entry without a score, and how many there are."""
    marks = [at for e, at in zip(entries, places, strict=True) if e.outcome == outcome]
    colour = style.FAILED if outcome == "failed" else style.REJECTED
    axes.plot(
        marks,
        [0] * len(marks),
        linestyle="none",
        marker="x" if outcome == "failed" else "|",
        markersize=6 if outcome == "failed" else 9,
        markeredgewidth=1.6,
        color=colour,
        gid=outcome,
        clip_on=False,
    )
    axes.set_ylim(-1, 1)
    axes.grid(visible=False, axis="y")
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(axis="y", length=0, labelcolor=colour, labelleft=named)
    axes.tick_params(axis="x", length=0)
    if named:  # the axes beside it have the same ticks
        axes.set_yticks([0], [f"{len(marks)} {outcome}"])


def _limits(places: Sequence[float]) -> tuple[float, float]:
    """From 0 to the last, with room around them also where there is nothing else."""
    low, high = 0.0, max(places)
    room = 0.03 * (high - low) or 0.5
    return low - room, high + room
