"""Confusion between classes as blocks of the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from pipeline.reporting.page.blocks import Block, Cell, Table, Text
from pipeline.reporting.report.chart_picture import chart_picture
from pipeline.reporting.report.confusion import ClassConfusion
from pipeline.reporting.report.confusion_chart import MOST, NONE, confusion_chart, percent_text
from pipeline.reporting.viewer.data import ViewerClass

_PAIRS: Final = 20
_LEAST: Final = 0.01
"""Share of a class from which on a mistake or an overlap is named."""
_EXPLAINED: Final = (
    "Classes may overlap, so a pixel of one may rightly be found as another, and rows need not sum "
    "to 100%. A cell is the share of the row's pixels that are not of the column's class but are "
    "taken for it; on the diagonal, the share of the class that is found; in the last column, the "
    "share where nothing is found. The last row is ground that is of no class."
)


def confusion_blocks(
    classes: Sequence[ViewerClass], confusion: ClassConfusion
) -> tuple[Block, ...]:
    """Heat map, or the strongest pairs where classes are many, and true overlaps."""
    names = [row.name for row in classes]
    shares = confusion.shares()
    blocks: list[Block] = [Text(_EXPLAINED, "note")]
    if len(names) <= MOST:
        blocks.append(
            chart_picture(
                confusion_chart(names, shares),
                "Share of each class's pixels that is found as each class; the table of pairs "
                "has the largest.",
            )
        )
    else:
        blocks.append(_found_table(names, confusion))
    blocks.append(_pair_table(names, confusion))
    overlaps = _overlap_table(names, confusion)
    return (*blocks, overlaps) if overlaps.rows else tuple(blocks)


def _found_table(names: Sequence[str], confusion: ClassConfusion) -> Table:
    """What is found and missed of each class: two columns of the heat map."""
    shares = confusion.shares()
    rows = [
        (name, percent_text(shares[place, place]), percent_text(shares[place, -1]))
        for place, name in enumerate(names)
    ]
    caption = "Percent of each class's pixels"
    return Table(caption, ("class", "found", "nothing found"), tuple(rows), folded=True)


def _pair_table(names: Sequence[str], confusion: ClassConfusion) -> Table:
    """The pairs with the largest shares, and how many pixels that is."""
    count = len(names)
    shares = np.nan_to_num(confusion.shares()[:, :count])
    shares[np.arange(count), np.arange(count)] = 0
    order = np.argsort(-shares, axis=None, kind="stable")[:_PAIRS]
    rows: list[tuple[Cell, ...]] = []
    for row, column in zip(*np.unravel_index(order, shares.shape), strict=True):
        share, pixels = float(shares[row, column]), int(confusion.wrong[row, column])
        if share < _LEAST and rows:
            break
        if pixels:
            true = NONE if row == count else names[row]
            rows.append((true, names[column], f"{100 * share:.1f}", pixels))
    return Table(
        "What is taken for what: the largest shares",
        ("truly", "found as", "% of the true class", "pixels"),
        tuple(rows),
        texts=2,
        folded=count <= MOST,
    )


def _overlap_table(names: Sequence[str], confusion: ClassConfusion) -> Table:
    """Classes that truly lie on each other, and how often both are found there."""
    overlaps = np.nan_to_num(confusion.overlaps())
    rows: list[tuple[Cell, ...]] = []
    for row, name in enumerate(names):
        for column, other in enumerate(names):
            share = float(overlaps[row, column])
            if row != column and share >= _LEAST:
                both = int(confusion.true[row, column])
                found = int(confusion.found[row, column] - confusion.wrong[row, column])
                rows.append((name, other, f"{100 * share:.1f}", both, f"{100 * found / both:.1f}"))
    rows.sort(key=lambda cells: -float(str(cells[2])))
    return Table(
        "Classes that truly overlap",
        ("class", "is also", "% of the class", "pixels", "% of these found as the second"),
        tuple(rows[:_PAIRS]),
        texts=2,
        folded=True,
    )
