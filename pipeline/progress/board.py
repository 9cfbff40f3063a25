"""The one place of a process where progress is shown, whoever has something to show.

Two live displays would write over each other. So the first that begins opens the board; others add
their lines to it; and all is taken away when the first ends.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from rich.console import Console, Group
from rich.text import Text

from pipeline.progress.task import Task
from pipeline.progress.wording import bar_lines, printable, quiet_line

if TYPE_CHECKING:
    from rich.live import Live

QUIET_SECONDS: Final = 30.0
"""Without a terminal, nothing is said for at most so long."""
_BRIEF: Final = 2.0
"""Seconds before which a task is not worth a line."""
_HUSHED: ContextVar[bool] = ContextVar("hushed", default=False)


@contextmanager
def hushed() -> Iterator[None]:
    """Context without progress: of a worker, whose driver shows it."""
    token = _HUSHED.set(True)
    try:
        yield
    finally:
        _HUSHED.reset(token)


class Board:
    """Shows tasks, on a terminal or as a line now and then.

    Args:
        clock: Tells the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._tasks: list[Task] = []
        self._owner: object | None = None
        self._live: Live | None = None
        self._stopped = threading.Event()
        self._guard = threading.RLock()
        self._said: float | None = None

    def show(self, task: Task, owner: object) -> None:
        """Add a task; the first owner that has one opens the board."""
        if not task.visible or _HUSHED.get():
            return
        with self._guard:
            self._tasks.append(task)
            if self._owner is None:
                self._owner = owner
                self._begin()

    def remove(self, tasks: list[Task], owner: object) -> None:
        """Take tasks away; all of them if the owner is the one that opened the board."""
        if owner is self._owner:
            self.end()
            return
        with self._guard:
            self._tasks = [task for task in self._tasks if not any(task is one for one in tasks)]

    def end(self) -> None:
        """Take everything away; a terminal is as if nothing had been shown."""
        with self._guard:
            live, self._live, self._owner = self._live, None, None
            self._tasks = []
            self._stopped.set()
        if live is not None:
            live.stop()

    def say(self, text: str) -> None:
        """Print one line, above what is shown."""
        with self._guard:
            self._said = self.clock()
            live = self._live
            console = live.console if live is not None else _console()
        console.print(printable(text), markup=False, highlight=False, soft_wrap=True)

    def tick(self) -> None:
        """Say how far the work is if nothing was said for long."""
        with self._guard:
            now, tasks = self.clock(), list(self._tasks)
            silent = self._said is not None and now - self._said >= QUIET_SECONDS
            if silent and tasks and now - tasks[0].since >= _BRIEF:
                self.say(quiet_line(tasks, now))

    def _begin(self) -> None:
        if animated():
            from rich.live import Live  # noqa: PLC0415 - most commands show nothing

            atexit.register(self.end)
            self._live = Live(
                console=_console(),
                get_renderable=self._lines,
                transient=True,
                redirect_stdout=sys.stdout.isatty(),
            )
            self._live.start(refresh=True)
        else:
            self._said = self.clock() if self._said is None else self._said
            self._stopped = threading.Event()
            threading.Thread(target=self._keep_company, args=(self._stopped,), daemon=True).start()

    def _keep_company(self, stopped: threading.Event) -> None:
        """Life of the thread that speaks where there is no terminal."""
        while not stopped.wait(QUIET_SECONDS / 15):
            self.tick()

    def _lines(self) -> Group:
        """What stands at the bottom of the terminal."""
        with self._guard:
            tasks, live = list(self._tasks), self._live
        console = _console() if live is None else live.console
        now, plain, width = self.clock(), console.options.ascii_only, console.width
        lines: list[Text] = []
        for task in tasks:
            indent = Text("  " if lines else "")  # what is inside stands below, set in
            lines += [indent + line for line in bar_lines(task, now, width - len(indent), plain)]
        return Group(*lines)


def animated() -> bool:
    """Whether standard error is a terminal that can take a line back."""
    told = [os.environ.get(name) for name in ("TTY_COMPATIBLE", "TTY_INTERACTIVE")]
    plain = os.environ.get("TERM", "").lower() in ("dumb", "unknown")
    return sys.stderr.isatty() and not plain and "0" not in told


def _console() -> Console:
    return Console(file=sys.stderr, highlight=False, emoji=False, force_terminal=animated())


THE_BOARD: Final = Board()
"""The board of this process."""
