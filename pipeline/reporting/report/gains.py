"""The section on post-processing: what its steps gained, and what tuning found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from pipeline.reporting.page.blocks import Block, Cell, Group, Section, Table, Text
from pipeline.reporting.report.chart_picture import chart_picture
from pipeline.reporting.report.gains_chart import gains_chart
from pipeline.reporting.report.tuning import tuning_blocks
from pipeline.reporting.viewer.data import ViewerClass

KEY, TITLE = "gains", "Post-processing"
_MOST_STEPS: Final = 14


def gains_section(
    gains: Mapping[str, Any] | None,
    tuning: Mapping[str, Any] | None,
    rules: Sequence[Mapping[str, Any]],
    classes: Sequence[ViewerClass],
    warnings: Sequence[str] = (),
) -> Section:
    """The section.

    Args:
        gains: What ``gains.json`` of stage ``polygons`` holds; None if it was not asked for.
        tuning: What ``scores.json`` of stage ``tune`` holds; None if it has not run.
        rules: What its ``rules.json`` holds.
        classes: All classes.
        warnings: What a reader must know of the tuning.
    """
    blocks: list[Block] = [] if gains is None else _gains(gains, classes)
    if tuning is not None:
        notes = [Text(text, "warning") for text in warnings]
        found = tuning_blocks(tuning, rules, classes)
        blocks.append(Group("Tuning", (*notes, *found)))
    return Section(KEY, TITLE, tuple(blocks))


def _gains(record: Mapping[str, Any], classes: Sequence[ViewerClass]) -> list[Block]:
    steps, number = record["steps"], record["scenes"]
    scenes = "one held-out scene" if number == 1 else f"{number} held-out scenes"
    if len(steps) < 2:
        return [Text(f"Masks of {scenes} are cut at 0.5 and nothing else is done to them.")]
    about = (
        f"Pixels of {scenes}, from probabilities cut at 0.5 to the masks that are traced. A step "
        "is added to those before it; and the whole is scored without it alone, as another step "
        "may do the same work."
    )
    chart = chart_picture(
        gains_chart(record),
        f"Mean Jaccard index after each of {len(steps) - 1} steps, from {record['start']:.4f} to "
        f"{record['end']:.4f}, and what would be lost without each.",
    )
    blocks: list[Block] = [Text(about), chart, _step_table(record)]
    return [*blocks, _class_table(steps, classes)] if len(steps) <= _MOST_STEPS else blocks


def _step_table(record: Mapping[str, Any]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            f"{place}. {row['step']}" if place else "cut at 0.5",
            row["mean"],
            f"{row['gain']:+.4f}" if place else None,
            f"{row['share']:+.4f}" if place else None,
        )
        for place, row in enumerate(record["steps"])
    ]
    return Table(
        "Mean Jaccard index after each step",
        ("step", "mean", "gains", "lost without it alone"),
        tuple(rows),
        ("all of it", record["end"], f"{record['end'] - record['start']:+.4f}", None),
        folded=True,
    )


def _class_table(steps: Sequence[Mapping[str, Any]], classes: Sequence[ViewerClass]) -> Table:
    """A row per class: its index at the start, what each step changes, and its end."""
    numbers = [f"step {place}" for place in range(1, len(steps))]
    rows: list[tuple[Cell, ...]] = []
    for row in classes:
        values = [step["classes"].get(str(row.code)) for step in steps]
        changes = [_change(before, after) for before, after in pairwise(values)]
        rows.append((row.name, values[0], *changes, values[-1]))
    return Table(
        "What each step, numbered as above, changes in the Jaccard index of each class",
        ("class", "cut at 0.5", *numbers, "all of it"),
        tuple(rows),
        colours=tuple(row.colour for row in classes),
        folded=True,
    )


def _change(before: float | None, after: float | None) -> str | None:
    """How an index changes; nothing is said of what stays the same."""
    if before is None or after is None:
        return None
    return "" if after == before else f"{after - before:+.4f}"
