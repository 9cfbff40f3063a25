"""Scores per class as a table on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from pipeline.progress import printable

_WIDTH = 120
Cell = str | float | int | None


def show_table(
    title: str,
    header: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    mean: Sequence[Cell] | None = None,
) -> None:
    """Print a table whose last row may be the mean.

    Args:
        title: Line above it.
        header: Names of the columns; the first two are text, the others numbers.
        rows: A row per class.
        mean: The last row; None for none.
    """
    table = Table(
        title=_printable(title),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_footer=mean is not None,
    )
    feet = mean or [""] * len(header)
    for index, (name, foot) in enumerate(zip(header, feet, strict=True)):
        table.add_column(
            _printable(name), footer=_text(foot), justify="left" if index == 1 else "right"
        )
    for row in rows:
        table.add_row(*map(_text, row))
    # A file or a pipe has no width of its own; a terminal keeps its.
    terminal = _console()
    console = terminal if terminal.is_terminal else _console(_WIDTH)
    console.print(table)


def _console(width: int | None = None) -> Console:
    """A console that takes text as it stands: names come from data and may hold markup."""
    return Console(highlight=False, markup=False, emoji=False, width=width)


def _text(cell: Cell) -> str:
    if cell is None:
        return "-"
    if not isinstance(cell, float):
        return _printable(str(cell))
    return f"{cell:.4f}" if abs(cell) <= 1 and (cell == 0 or abs(cell) >= 1e-3) else f"{cell:.4g}"


def _printable(text: str) -> str:
    return printable(text).replace("\n", "?")
