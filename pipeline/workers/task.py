"""Work for other processes: what goes in and out, and how it can be lost."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

Task = Callable[[dict[str, Any]], dict[str, Any]]
"""Importable by name; JSON values in, JSON values out. It may run again after its worker was
killed, so what it writes, it writes whole or not at all."""

ATTEMPTS: Final = 3
"""Workers that may die under one task before it is given up."""


def given_up(deaths: str, section: str) -> str:
    """Why a task has no result whose workers died, and what helps most often.

    The system kills the largest process when there is no memory left.

    Args:
        deaths: How often and how they died.
        section: Of the configuration, whose ``workers`` says how many there are.
    """
    return f"its worker died {deaths}; if memory is short, set {section}.workers lower"


@dataclass(frozen=True)
class Lost:
    """A task that was not finished, and why."""

    reason: str


class Workers(Protocol):
    """Tasks run side by side; use as a context manager, which leaves no process behind."""

    @property
    def size(self) -> int:
        """How many tasks run at a time; further ones wait."""

    def submit(self, argument: dict[str, Any], what: str = "") -> int:
        """Hand over a task's argument.

        Args:
            argument: JSON values.
            what: What the task is called where a person reads of it; its number, if not given.

        Returns:
            A ticket that :meth:`wait` names it by.
        """

    def wait(self) -> tuple[int, dict[str, Any] | Lost]:
        """Block until a task is finished: its ticket, and its result or why there is none.

        A task whose worker was killed runs again, ``ATTEMPTS`` times in all; one that raises an
        error is lost at once.

        Raises:
            RuntimeError: If no task is running or waiting.
        """

    def close(self) -> None:
        """End all processes, and what they were doing."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def call(task: Task, argument: str) -> str:
    """Run a task, JSON text in and out; :func:`reply` tells its result from its error.

    Text crosses borders between processes, machines and versions unchanged, and makes a result the
    same wherever it was made.
    """
    try:
        return json.dumps({"result": task(json.loads(argument))})
    except (Exception, SystemExit) as error:
        return json.dumps({"error": _told(error)})


def reply(text: str) -> dict[str, Any] | Lost:
    """What :func:`call` gave."""
    values = json.loads(text)
    return Lost(values["error"]) if "error" in values else values["result"]


def _told(error: BaseException) -> str:
    """An error in one line, with the place it was raised at."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(place.filename).name}, line {place.lineno})"
