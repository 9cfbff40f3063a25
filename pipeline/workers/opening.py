"""Where tasks run: in this process, in processes of their own, or on a Dask cluster."""

from __future__ import annotations

import json
from collections import deque
from typing import Any, Literal

from pipeline.workers.closing import Closing
from pipeline.workers.task import ATTEMPTS, Lost, Task, Workers, call, reply

__all__ = ["ATTEMPTS", "Inline", "Lost", "Task", "Workers", "open_workers"]


class Inline(Closing):
    """One task at a time in this process, in the order of submission: exactly repeatable."""

    size = 1

    def __init__(self, task: Task) -> None:
        self._task = task
        self._submitted = 0
        self._waiting: deque[tuple[int, str]] = deque()

    def submit(self, argument: dict[str, Any], what: str = "") -> int:  # noqa: ARG002 - none dies
        """See :class:`Workers`."""
        ticket = self._submitted
        self._waiting.append((ticket, json.dumps(argument)))
        self._submitted += 1
        return ticket

    def wait(self) -> tuple[int, dict[str, Any] | Lost]:
        """See :class:`Workers`; the task runs now, and Ctrl-C ends it."""
        if not self._waiting:
            raise RuntimeError("no task was submitted")
        ticket, argument = self._waiting.popleft()
        return ticket, reply(call(self._task, argument))

    def close(self) -> None:
        """See :class:`Workers`."""
        self._waiting.clear()


def open_workers(
    task: Task,
    backend: Literal["inline", "pool", "dask"],
    size: int,
    scheduler: str | None = None,
    section: str = "search",
) -> Workers:
    """Workers for a task.

    Args:
        task: What they do; a module's function.
        backend: Where they run.
        size: How many there are, for ``pool`` and for a Dask cluster on this machine.
        scheduler: Address of a Dask scheduler; None starts a cluster on this machine.
        section: Of the configuration that these come from, for messages.

    Raises:
        ConfigError: If the scheduler can't be reached or has no worker.
    """
    if backend == "inline":
        return Inline(task)
    if backend == "pool":
        from pipeline.workers.pool import Pool  # noqa: PLC0415 - not used by most runs

        return Pool(task, size, section)
    from pipeline.workers.cluster import open_cluster  # noqa: PLC0415 - takes a second to import

    return open_cluster(task, size, scheduler, section)
