"""Tables of text that fit a terminal or a pipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.progress import printable

_INDENT = "  "
PIPE_WIDTH = 100
"""Columns where there is no terminal."""


def print_table(
    console: Console,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[str] = (),
    styles: Mapping[str, str] = {},
) -> None:
    """Print a table without lines; the last column takes what room is left, and wraps.

    Args:
        console: Where to.
        header: Names of the columns.
        rows: Cells; names in them come from data.
        right: Columns of numbers.
        styles: Styles of cells that hold just this text, where there are colours.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in header:
        is_last = name == header[-1]
        table.add_column(
            name,
            justify="right" if name in right else "left",
            no_wrap=not is_last,
            overflow="fold" if is_last else "ellipsis",
        )
    for row in rows:
        table.add_row(*(Text(one_line(cell), style=styles.get(cell, "")) for cell in row))
    with console.capture() as captured:
        console.print(table, width=console.width - len(_INDENT))
    for line in captured.get().splitlines():
        console.out(f"{_INDENT}{line}".rstrip(), highlight=False)


def plain_console(stderr: bool = False) -> Console:
    """A console that takes text as it stands; a pipe has a width of its own, and no colours."""
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if console.file.isatty() and not console.is_dumb_terminal:
        return console
    return Console(
        stderr=stderr,
        highlight=False,
        markup=False,
        emoji=False,
        width=PIPE_WIDTH,
        force_terminal=False,
    )


def one_line(text: str) -> str:
    """Text that a terminal shows as it is, in one line."""
    return printable(text).replace("\n", "?")
