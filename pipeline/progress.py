"""Progress of long work: what, how far, how long still; quiet where nobody watches."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

T = TypeVar("T")


def say(text: str) -> None:
    """Print one line to the user, past any progress bar."""
    Console(file=sys.stderr, highlight=False, soft_wrap=True).print(printable(text), markup=False)


def printable(text: str) -> str:
    """Text whose control characters, which a terminal would obey, are question marks.

    Names and values come from data. Ends of lines stay.
    """
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)


def bar() -> Progress:
    """A progress display, shown on terminals only."""
    console = Console(file=sys.stderr)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )


def track(things: Iterable[T], what: str) -> Iterator[T]:
    """Pass things through and show how many of them are done."""
    total = len(things) if isinstance(things, Sized) else None
    with bar() as display:
        task = display.add_task(what, total=total, note="")
        for thing in things:
            yield thing
            display.advance(task)
