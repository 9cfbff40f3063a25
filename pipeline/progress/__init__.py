"""Progress of long work: what, how far, how fast, how long still; quiet where nobody watches.

On a terminal a line per task stands at the bottom while the work lasts, and is gone afterwards;
what is said meanwhile goes above it. Elsewhere, as in the log of a job, a line is printed after
half a minute of silence, and nothing of work that is done sooner.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

from pipeline.progress.board import THE_BOARD, hushed
from pipeline.progress.display import Display
from pipeline.progress.wording import printable

__all__ = ["THE_BOARD", "Display", "bar", "end_displays", "hushed", "printable", "say", "track"]

T = TypeVar("T")


def say(text: str) -> None:
    """Print one line to the user, above any progress."""
    THE_BOARD.say(text)


def bar() -> Display:
    """A progress display, to be used as a context manager; those inside another share its place."""
    return Display(THE_BOARD)


def track(things: Iterable[T], what: str, unit: str = "") -> Iterator[T]:
    """Pass things through and show how many of them are done.

    Args:
        things: What is worked on.
        what: What is done, for people.
        unit: Name of one of the things, such as ``scene``.
    """
    total = len(things) if isinstance(things, Sized) else None
    with bar() as display:
        task = display.add_task(what, total=total, unit=unit)
        for thing in things:
            yield thing
            display.advance(task)


def end_displays() -> None:
    """Take all progress off the terminal, as before the message of an error."""
    THE_BOARD.end()
