"""What was found in the data before anything was learned from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.config.dataset import ClassRow
from pipeline.mapping.wording import counted
from pipeline.reporting.page.blocks import Block, Section, Text
from pipeline.reporting.report.chart_picture import chart_picture
from pipeline.reporting.report.scene_table import (
    band_table,
    problem_table,
    scene_table,
    share_table,
)
from pipeline.reporting.report.shift_chart import shift_chart, shifts_of

_ROLES = {
    "train": "labelled for training",
    "test": "to be predicted",
    "unused": "left out",
}


def catalogue_section(records: Sequence[Mapping[str, Any]], classes: Sequence[ClassRow]) -> Section:
    """The section on the data.

    Args:
        records: Of the catalogue.
        classes: Of the configuration.
    """
    blocks: list[Block] = [Text(_lead(records))]
    problems = problem_table(records)
    blocks.append(Text("No problem was found.") if problems is None else problems)
    shifts = shifts_of(records)
    if shifts:
        blocks.append(
            chart_picture(
                shift_chart(shifts),
                "How far band groups lie off the finest one, and regions off their labels: a "
                "point per scene or region, metres to the right and down.",
            )
        )
    shares = share_table(records, {row.code: row.name for row in classes})
    tables = (scene_table(records), shares, band_table(records))
    blocks += [table for table in tables if table is not None]
    return Section("catalogue", "The data and its problems", tuple(blocks))


def _lead(records: Sequence[Mapping[str, Any]]) -> str:
    """How many scenes there are, by role, and how many have problems."""
    counts = {role: sum(record["role"] == role for record in records) for role in _ROLES}
    parts = ", ".join(f"{n:,} {_ROLES[role]}" for role, n in counts.items() if n)
    bad = sum(bool(record["problems"]) for record in records)
    problems = sum(len(record["problems"]) for record in records)
    text = f"{counted(len(records), 'scene')}: {parts}."
    if problems:
        text += f" {counted(problems, 'problem')} in {counted(bad, 'scene')}."
    return text
