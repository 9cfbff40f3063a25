"""This run's score beside that of others, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline.reporting.page.blocks import Block, Cell, Table, Text
from pipeline.reporting.report.chart_picture import label
from pipeline.reporting.report.scored_run import Interval, ScoredRun

MOST: Final = 5
"""Runs that stand beside this one, where none are named."""
_NAME: Final = 24


def newest_alike(run: ScoredRun, others: Sequence[ScoredRun]) -> list[ScoredRun]:
    """The newest runs of the same scenes and classes.

    Args:
        run: This run.
        others: Other runs, the newest first.
    """
    return [other for other in others if run.scores.comparable(other.scores)][:MOST]


def run_blocks(run: ScoredRun, others: Sequence[ScoredRun]) -> list[Block]:
    """Means of all runs and their differences, and below that each class.

    Args:
        run: This run.
        others: Runs of the same scenes and classes.
    """
    if not others:
        return []
    names = " ".join(other.name for other in (run, *others))
    return [
        _means(run, others),
        _classes(run, others),
        Text(
            "A difference of two runs on the same scenes can be sure although their intervals "
            f'overlap: `make compare RUNS="{names}"` draws the same scenes for both.',
            "note",
        ),
    ]


def _means(run: ScoredRun, others: Sequence[ScoredRun]) -> Table:
    mean = run.scores.mean_jaccard
    rows: list[tuple[Cell, ...]] = [
        (f"{run.name} (this run)", mean, range_text(run.scores.interval), None)
    ]
    rows += [
        (
            other.name,
            other.scores.mean_jaccard,
            range_text(other.scores.interval),
            f"{mean - other.scores.mean_jaccard:+.4f}",
        )
        for other in others
    ]
    return Table(
        "Mean Jaccard index of this run and others on the same scenes",
        ("run", "mean", "90% of draws", "this run is better by"),
        tuple(rows),
    )


def _classes(run: ScoredRun, others: Sequence[ScoredRun]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            row.name,
            row.jaccard,
            *(other.scores.classes[code].jaccard for other in others),
        )
        for code, row in sorted(run.scores.classes.items())
    ]
    return Table(
        "Jaccard index of each class in each of these runs",
        ("class", "this run", *(label(other.name, _NAME) for other in others)),
        tuple(rows),
        foot=(
            "mean",
            run.scores.mean_jaccard,
            *(other.scores.mean_jaccard for other in others),
        ),
        folded=True,
    )


def range_text(interval: Interval) -> str:
    """An interval as people read it."""
    low, high = interval
    return f"{low:.3f} to {high:.3f}"
