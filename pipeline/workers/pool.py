"""Tasks in processes of their own on this machine; a killed process costs its task one attempt."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections import deque
from dataclasses import dataclass, replace
from multiprocessing import connection, get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, Final

from pipeline.progress import say
from pipeline.workers.closing import Closing
from pipeline.workers.share import Share
from pipeline.workers.task import ATTEMPTS, Lost, Task, call, given_up, reply

_PATIENCE: Final = 5.0
"""Seconds that a process has to end."""


@dataclass(frozen=True)
class _Job:
    """A task's argument and which attempt it is."""

    ticket: int
    argument: str
    what: str
    attempt: int = 1


class _Slot:
    """A place for one process and one task at a time; a dead process is replaced."""

    def __init__(self, task: Task, share: Share) -> None:
        self._task, self._share = task, share
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self.job: _Job | None = None

    def begin(self, job: _Job) -> None:
        """Give a job to the process, a new one if the last has died."""
        if self._process is None or not self._process.is_alive():
            self._start()
        self.job = job
        self._send(job.argument)

    def handles(self) -> list[Any]:
        """What becomes ready when the process answers or dies."""
        return [self._pipe, self._process.sentinel] if self._process else []

    def answer(self) -> str | None:
        """The process's answer; None if it died without one. The slot is free afterwards."""
        self.job = None
        try:
            if self._pipe is not None and self._pipe.poll():
                return str(self._pipe.recv())
        except (EOFError, OSError):
            pass
        return None

    def end(self, patience: float = 0.0) -> str:
        """End the process.

        Args:
            patience: Seconds in which it may end by itself.

        Returns:
            How it ended.
        """
        if self._process is None or self._pipe is None:
            return ""
        self._process.join(patience)
        self._process.kill()
        self._process.join(_PATIENCE)
        code = self._process.exitcode
        self._pipe.close()
        self._process.close()
        self._process = self._pipe = None
        return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"

    def _start(self) -> None:
        self.end()
        context = get_context("spawn")
        self._pipe, far_end = context.Pipe()
        self._process = context.Process(target=_serve, args=(far_end, self._share), daemon=True)
        self._process.start()
        far_end.close()
        self._send(self._task)

    def _send(self, value: Any) -> None:
        """Send, or leave it: that the process has died is found where its answer is awaited."""
        try:
            if self._pipe is not None:
                self._pipe.send(value)
        except (BrokenPipeError, ConnectionResetError):
            pass


class Pool(Closing):
    """See :class:`pipeline.workers.task.Workers`; each process has its share of the machine.

    Args:
        task: What they do.
        size: How many processes there are.
        section: Of the configuration that says so.
    """

    def __init__(self, task: Task, size: int, section: str = "search") -> None:
        self._section = section
        self._slots = [_Slot(task, Share(position, size)) for position in range(size)]
        self._waiting: deque[_Job] = deque()
        self._submitted = 0

    @property
    def size(self) -> int:
        """How many tasks run at a time."""
        return len(self._slots)

    def submit(self, argument: dict[str, Any], what: str = "") -> int:
        """See :class:`pipeline.workers.task.Workers`."""
        number = self._submitted
        job = _Job(number, json.dumps(argument), what or f"task {number}")
        self._submitted += 1
        self._waiting.append(job)
        self._begin()
        return job.ticket

    def wait(self) -> tuple[int, dict[str, Any] | Lost]:
        """See :class:`pipeline.workers.task.Workers`."""
        while True:
            busy = [slot for slot in self._slots if slot.job is not None]
            if not busy:
                raise RuntimeError("no task was submitted")
            ready = connection.wait([handle for slot in busy for handle in slot.handles()])
            slot = next(slot for slot in busy if set(slot.handles()) & set(ready))
            result = self._collect(slot)
            self._begin()
            if result is not None:
                return result

    def close(self) -> None:
        """See :class:`pipeline.workers.task.Workers`."""
        self._waiting.clear()
        for slot in self._slots:
            slot.job = None
            slot.end()

    def _begin(self) -> None:
        """Give waiting jobs to free slots."""
        for slot in self._slots:
            if slot.job is None and self._waiting:
                slot.begin(self._waiting.popleft())

    def _collect(self, slot: _Slot) -> tuple[int, dict[str, Any] | Lost] | None:
        """What a slot's job came to; None if it has to run again."""
        job = slot.job
        if job is None:
            raise RuntimeError("a free slot has no result")
        text = slot.answer()
        if text is not None:
            return job.ticket, reply(text)
        how = slot.end(_PATIENCE)  # it is dying, and how is of interest
        if job.attempt == ATTEMPTS:
            deaths = f"{ATTEMPTS} times, the last with {how}"
            return job.ticket, Lost(given_up(deaths, self._section))
        say(f"A worker died ({how}); {job.what} runs again")
        self._waiting.appendleft(replace(job, attempt=job.attempt + 1))
        return None


def _serve(pipe: Connection, share: Share) -> None:
    """Life of a worker's process: tasks until the driver is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the driver, which ends workers
    threading.Thread(target=_follow_driver, daemon=True).start()
    share.take()
    try:
        task: Task = pipe.recv()
        share.take()  # with the task came what it imports
        while True:
            pipe.send(call(task, pipe.recv()))
    except (EOFError, OSError):
        return  # the driver has closed the pipe


def _follow_driver() -> None:
    """End this process, whatever it does, when the driver's has ended, killed or not."""
    driver = parent_process()
    if driver is not None:
        connection.wait([driver.sentinel])
    os._exit(1)
