"""Which class is taken for which, as a table of colours with its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.reporting import chart_style as style
from pipeline.reporting.report.chart_picture import label
from pipeline.reporting.report.confusion import Shares

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST: Final = 16
"""Classes that still have legible cells."""
_CELL, _MARGIN, _FOOT = 0.52, 1.9, 1.5
_RIGHT: Final = ("#f2f7fb", "#0b4f85")
"""Of what is right, from none to all."""
_WRONG: Final = ("#fdf6ef", "#9c3a00")
_STRONGEST: Final = 0.5
"""Share from which on a mistake has the darkest colour."""
NONE: Final = "none"


def confusion_chart(names: Sequence[str], shares: Shares) -> Figure:
    """A row per class that is true and one for no class, a column for each that is found.

    Args:
        names: Of the K classes.
        shares: (K + 1, K + 1), see :meth:`~.confusion.ClassConfusion.shares`.
    """
    with style.styled():
        return _draw(names, shares)


def _draw(names: Sequence[str], shares: Shares) -> Figure:
    count = len(names) + 1
    labels = [*(label(name, 22) for name in names), NONE]
    longest = max(len(name) for name in labels)
    width = max(6.0, 0.085 * longest + 0.7 + _CELL * count)
    height = 0.62 + 0.06 * longest + _CELL * count
    figure = style.new_figure(
        width,
        height,
        _title(names, shares),
        ["Percent of the row's pixels. Blue is right, orange is wrong."],
    )
    axes = figure.subplots()
    axes.grid(visible=False)
    for row in range(count):
        for column in range(count):
            _draw_cell(axes, row, column, float(shares[row, column]), count)
    axes.set_xticks(range(count), labels, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(count), labels)
    axes.tick_params(length=0, labelcolor=style.INK)
    axes.set_xlim(-0.5, count - 0.5)
    axes.set_ylim(count - 0.5, -0.5)
    axes.set_aspect("equal")
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_xlabel("found")
    axes.set_ylabel("truly")
    return figure


def _draw_cell(axes: Axes, row: int, column: int, share: float, count: int) -> None:
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - see chart_style.styled

    if np.isnan(share):
        colour, dark = style.PAPER, 0.0
    elif row == column:
        colour, dark = _mixed(_RIGHT, share), share
    else:
        dark = min(1.0, share / _STRONGEST)
        colour = _mixed(_WRONG, dark)
    cell = Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=colour, edgecolor=style.PAPER)
    axes.add_patch(cell)
    axes.text(
        column,
        row,
        percent_text(share),
        ha="center",
        va="center",
        fontsize=9,
        color=style.PAPER if dark > 0.55 else style.INK,
        gid=f"cell {row} {column}" if count else None,
    )


def percent_text(share: float) -> str:
    """A share in percent, in three letters at most."""
    if np.isnan(share):
        return "–"
    if 0 < share < 0.005:
        return "<1"
    if 0.995 <= share < 1:
        return ">99"
    return f"{100 * share:.0f}"


def _mixed(ends: tuple[str, str], share: float) -> str:
    pairs = zip(*(bytes.fromhex(end[1:]) for end in ends), strict=True)
    return "#" + "".join(f"{round(low + (high - low) * share):02x}" for low, high in pairs)


def _title(names: Sequence[str], shares: Shares) -> str:
    """The largest mistake between two classes, if there is one."""
    count = len(names)
    wrong = np.where(np.eye(count, dtype=bool), 0.0, np.nan_to_num(shares[:count, :count]))
    if not wrong.any():
        return "No class is taken for another"
    row, column = divmod(int(wrong.argmax()), count)
    true, found = label(names[row], 24), label(names[column], 24)
    return f"{percent_text(float(wrong[row, column]))}% of {true} is taken for {found}"
