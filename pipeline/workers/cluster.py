"""Tasks on a Dask cluster, of this machine or of several; Dask runs those of lost workers again."""

from __future__ import annotations

import json
import os
import queue
import threading
import uuid
import zlib
from collections import Counter, deque
from collections.abc import Mapping
from concurrent.futures import CancelledError
from contextlib import ExitStack
from typing import Any, Final

from distributed import KilledWorker, get_worker
from distributed.comm.addressing import get_address_host

from pipeline.errors import WorkError
from pipeline.progress import say
from pipeline.workers.closing import Closing
from pipeline.workers.connection import PATIENCE, connected, local, quiet, workers_of
from pipeline.workers.share import Share
from pipeline.workers.task import ATTEMPTS, Lost, Task, call, given_up, reply

_ONE_AT_A_TIME = threading.Lock()
"""Threads of one worker would share torch's settings and memory."""
_GLANCE: Final = 1.0
"""Seconds between looks at whether a task is still wanted."""


class Cluster(Closing):
    """See :class:`pipeline.workers.task.Workers`.

    Args:
        task: What they do.
        client: The connection, which is closed with this.
        size: How many workers there are now.
        closing: What else is closed.
        section: Of the configuration that they come from.
    """

    def __init__(
        self, task: Task, client: Any, size: int, closing: ExitStack, section: str = "search"
    ) -> None:
        self._task, self._client, self._closing = task, client, closing
        self.size = size
        self._section = section
        self._driver = uuid.uuid4().hex[:8]  # several commands may share a scheduler
        self._submitted = 0
        self._waiting: deque[tuple[int, str]] = deque()
        self._names: dict[int, str] = {}
        self._running: dict[int, Any] = {}
        self._finished: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._deaths: Counter[str] = Counter()
        client.subscribe_topic("all", self._heed)

    def submit(self, argument: dict[str, Any], what: str = "") -> int:
        """See :class:`pipeline.workers.task.Workers`."""
        ticket = self._submitted
        self._waiting.append((ticket, json.dumps(argument)))
        self._names[ticket] = what or f"task {ticket}"
        self._submitted += 1
        self._begin()
        return ticket

    def wait(self) -> tuple[int, dict[str, Any] | Lost]:
        """See :class:`pipeline.workers.task.Workers`.

        Raises:
            WorkError: If the scheduler is gone.
        """
        if not self._running:
            raise RuntimeError("no task was submitted")
        ticket = self._next()
        try:
            result = _result(self._running.pop(ticket), self._section)
        except CancelledError:
            raise WorkError(
                f"the Dask scheduler at {self._client.scheduler.address} is gone, and with it the "
                "work that was running; start it and its workers, and run the command again: what "
                "is finished is kept"
            ) from None
        self.size = max(self.size, len(workers_of(self._client)))  # others may have joined
        self._begin()
        return ticket, result

    def close(self) -> None:
        """See :class:`pipeline.workers.task.Workers`; workers of a scheduler elsewhere stay."""
        self._waiting.clear()
        if self._client.status == "running":
            self._client.unsubscribe_topic("all")
            self._client.cancel(list(self._running.values()), force=True)
        self._running.clear()
        self._closing.close()

    def _begin(self) -> None:
        """Hand over as many tasks as there are workers.

        One that waits on a worker's list would be blamed too when that worker dies.
        """
        while self._waiting and len(self._running) < self.size:
            ticket, argument = self._waiting.popleft()
            future = self._client.submit(
                work, self._task, argument, _neighbours(self._client), key=self._key(ticket)
            )
            self._running[ticket] = future
            future.add_done_callback(lambda _, ticket=ticket: self._finished.put(ticket))

    def _next(self) -> int:
        """Ticket of the next task that has ended."""
        told = False
        while True:
            try:
                return self._finished.get(timeout=PATIENCE)
            except queue.Empty:
                is_alone = self._client.status == "running" and not workers_of(self._client)
            if is_alone and not told:
                say(f"No worker is left at {self._client.scheduler.address}; waiting for one")
            told = is_alone

    def _key(self, ticket: int) -> str:
        return f"{self._section}-{self._driver}-{ticket}"

    def _heed(self, event: tuple[float, Mapping[str, Any]]) -> None:
        """Say whose worker has died; called with each event of the cluster."""
        _, news = event
        if news.get("action") != "remove-worker" or news.get("expected"):
            return
        lost = set(news.get("processing-tasks", ()))
        for ticket in list(self._running):
            key = self._key(ticket)
            self._deaths[key] += key in lost
            if key in lost and self._deaths[key] < ATTEMPTS:
                say(f"A worker died ({news['worker']}); {self._names[ticket]} runs again")


def open_cluster(task: Task, size: int, scheduler: str | None, section: str = "search") -> Cluster:
    """Connect to a scheduler, or start one with workers on this machine.

    Args:
        task: What workers do.
        size: Workers of a cluster on this machine.
        scheduler: Address of a scheduler elsewhere.
        section: Of the configuration that these come from.

    Raises:
        ConfigError: If the scheduler can't be reached, or has no worker.
    """
    with ExitStack() as closing:
        closing.enter_context(quiet())
        if scheduler is None:
            client = closing.enter_context(local(size))
        else:
            client = closing.enter_context(connected(scheduler, section))
            size = len(workers_of(client))
            say(f"Workers at {scheduler}: {size}")
        return Cluster(task, client, size, closing.pop_all(), section)


def work(task: Task, argument: str, neighbours: Mapping[str, list[str]]) -> str:
    """What a Dask worker does: a task, within its share of its machine.

    Args:
        task: The task.
        argument: Its argument as JSON.
        neighbours: Names of the workers of each machine.
    """
    worker = get_worker()
    name = str(worker.name)
    names = neighbours.get(get_address_host(worker.address), [])
    # A worker that has joined or changed its name since is not among them.
    position = names.index(name) if name in names else zlib.crc32(name.encode())
    done = threading.Event()
    with _ONE_AT_A_TIME:
        Share(position, max(1, len(names))).take()
        key = worker.get_current_task()
        threading.Thread(target=_follow_driver, args=(worker, key, done), daemon=True).start()
        try:
            return call(task, argument)
        finally:
            done.set()


def _follow_driver(worker: Any, key: str, done: threading.Event) -> None:
    """End this process if nobody wants its task any more: the driver was ended, killed or not.

    Dask can't stop a running task. It would keep the worker from others, and write the files of
    a task that another worker is about to do again. Dask starts a new process in its place.
    """
    while not done.wait(_GLANCE):
        task = worker.state.tasks.get(key)
        if task is not None and task.state == "cancelled":
            os._exit(1)


def _neighbours(client: Any) -> dict[str, list[str]]:
    """Names of the workers of each machine, in order."""
    machines: dict[str, list[str]] = {}
    for address, worker in workers_of(client).items():
        machines.setdefault(get_address_host(address), []).append(str(worker["name"]))
    return {machine: sorted(names) for machine, names in machines.items()}


def _result(future: Any, section: str) -> dict[str, Any] | Lost:
    """The result of a future that has ended.

    A worker keeps a result until it is fetched, so this may wait for another one to make it again.

    Raises:
        CancelledError: If the scheduler has forgotten it.
    """
    try:
        return reply(future.result())
    except CancelledError:
        raise
    except KilledWorker as error:
        return Lost(given_up(f"{error.allowed_failures + 1} times", section))
    except Exception as error:  # what a task raises is in its reply: this is of Dask
        return Lost(f"{type(error).__name__}: {error}")
