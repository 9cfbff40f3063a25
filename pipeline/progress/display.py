"""Progress of one piece of work, on the board that all share."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from pipeline.progress.board import Board
from pipeline.progress.pace import Pace
from pipeline.progress.task import Task


class Display:
    """Tasks that are shown while this is entered.

    Args:
        board: Where they are shown.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self._tasks: list[Task] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._board.remove(self._tasks, self)

    def add_task(
        self,
        what: str,
        *,
        total: float | None = None,
        note: str = "",
        unit: str = "",
        visible: bool = True,
    ) -> int:
        """Begin a task; see :class:`pipeline.progress.task.Task`.

        Returns:
            Its number.
        """
        now = self._board.clock()
        task = Task(what, total, unit, note, visible, now, Pace(now))
        self._tasks.append(task)
        self._board.show(task, self)
        return len(self._tasks) - 1

    def advance(self, number: int, steps: float = 1) -> None:
        """Count what was done of a task."""
        self.update(number, completed=self._tasks[number].done + steps)

    def resume(self, number: int, completed: float) -> None:
        """Say what was done of a task before: it tells nothing about the pace."""
        task = self._tasks[number]
        task.done, task.pace = completed, Pace(self._board.clock(), completed)

    def update(
        self,
        number: int,
        *,
        completed: float | None = None,
        total: float | None = None,
        note: str | None = None,
        left: float | None = None,
    ) -> None:
        """Change what is given of a task; ``left`` is the time that it still takes, in seconds."""
        task = self._tasks[number]
        task.total = task.total if total is None else total
        task.note = task.note if note is None else note
        task.left = task.left if left is None else left
        if completed is not None:
            task.done = completed
            task.pace.add(self._board.clock(), completed)
