"""Confusion between classes as blocks of the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from pipeline.reporting.page.blocks import Block, Cell, Table, Text
from pipeline.reporting.report.chart_picture import chart_picture, label
from pipeline.reporting.report.confusion import ClassConfusion, Shares
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
        chart = confusion_chart(names, shares)
        said = (
            "Share of each class's pixels that is found as each class; the table has the numbers."
        )
        blocks += [chart_picture(chart, said), _share_table(names, shares)]
    else:
        blocks.append(_found_table(names, shares))
    tables = [_pair_table(names, confusion), _overlap_table(names, confusion)]
    return (*blocks, *(table for table in tables if table.rows))


def _share_table(names: Sequence[str], shares: Shares) -> Table:
    """The numbers of the heat map."""
    labels = [*names, NONE]
    return Table(
        "Percent of the row's pixels, which are truly of its class, that is found as each class",
        ("truly", *(label(name, 24) for name in labels)),
        tuple(
            (name, *(percent_text(float(share)) for share in row))
            for name, row in zip(labels, shares, strict=True)
        ),
        folded=True,
    )


def _found_table(names: Sequence[str], shares: Shares) -> Table:
    """What else a heat map would show: its diagonal, its last column and its last row."""
    rows = [
        (name, *(percent_text(float(shares[at])) for at in ((k, k), (k, -1), (-1, k))))
        for k, name in enumerate(names)
    ]
    return Table(
        "Percent of each class's pixels; and of the ground that is of no class, what is taken for "
        "it",
        ("class", "found", "nothing found", "of no class, taken for it"),
        tuple(rows),
        folded=True,
    )


def _pair_table(names: Sequence[str], confusion: ClassConfusion) -> Table:
    """The pairs of classes with the largest shares, and how many pixels that is."""
    count = len(names)
    shares = np.nan_to_num(confusion.shares()[:count, :count])
    np.fill_diagonal(shares, 0)
    order = np.argsort(-shares, axis=None, kind="stable")[:_PAIRS]
    rows: list[tuple[Cell, ...]] = []
    for row, column in (divmod(int(at), count) for at in order):
        share, pixels = float(shares[row, column]), int(confusion.wrong[row, column])
        if share < _LEAST and rows:
            break
        if pixels:
            rows.append((names[row], names[column], f"{100 * share:.1f}", pixels))
    return Table(
        "Classes that are taken for another: the largest shares",
        ("truly", "found as", "%", "pixels"),
        tuple(rows),
        texts=2,
        folded=count <= MOST,
    )


def _overlap_table(names: Sequence[str], confusion: ClassConfusion) -> Table:
    """Classes that truly lie on each other, and how often both are found there."""
    count = len(names)
    overlaps = np.nan_to_num(confusion.overlaps())
    np.fill_diagonal(overlaps, 0)
    order = np.argsort(-overlaps, axis=None, kind="stable")[:_PAIRS]
    rows: list[tuple[Cell, ...]] = []
    for row, column in (divmod(int(at), count) for at in order):
        share, both = float(overlaps[row, column]), int(confusion.true[row, column])
        if share < _LEAST:
            break
        found = int(confusion.found[row, column]) - int(confusion.wrong[row, column])
        cells = (f"{100 * share:.1f}", both, f"{100 * found / both:.1f}")
        rows.append((names[row], names[column], *cells))
    return Table(
        "Classes that truly overlap",
        ("class", "is also", "% of the class", "pixels", "% of these found as the second"),
        tuple(rows),
        texts=2,
        folded=True,
    )
