"""A Dask scheduler that somebody else has started: found, shared, and left as it was."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigError, WorkError
from pipeline.workers import cluster, connection
from pipeline.workers.opening import open_workers
from pipeline.workers.share import Share
from tests.workers import toy
from tests.workers.toy import attempts_of, collect, is_alive, until

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


def _dask(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """A `dask` command, as a user starts it, in the project's folder."""
    code = "from dask.__main__ import main; main()"
    with (folder / "dask.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
        )


class _Somewhere:
    """A scheduler and its workers."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._workers = folder, list[subprocess.Popen[bytes]]()
        self._count = 0
        file = folder / "scheduler.json"
        self.scheduler = _dask(
            *(folder, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"),
            *("--scheduler-file", str(file)),
        )
        until(lambda: file.exists() and "}" in file.read_text()[-3:])
        self.address: str = json.loads(file.read_text())["address"]

    def add(self, workers: int) -> None:
        options = ("--nthreads", "1", "--nworkers", str(workers), "--no-dashboard")
        self._workers.append(_dask(self._folder, "worker", self.address, *options))
        self._count += workers
        with connection.connected(self.address) as client:
            client.wait_for_workers(self._count, timeout=30)

    def end(self) -> None:
        for process in (*self._workers, self.scheduler):
            process.kill()  # Dask's own end waits for workers that are just being replaced
            process.communicate(timeout=30)


@pytest.fixture
def somewhere(tmp_path: Path) -> Iterator[_Somewhere]:
    found = _Somewhere(tmp_path)
    yield found
    found.end()


def test_scheduler_elsewhere_is_used_and_left_running(
    somewhere: _Somewhere, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also after a search was ended amid its work."""
    somewhere.add(2)
    begun = str(tmp_path)
    with open_workers(toy.square, "dask", 1, somewhere.address) as workers:
        for number in (0, 1):
            workers.submit({"number": number, "begun": begun, "hangs": [0, 1]})
        until(lambda: all(attempts_of(tmp_path, number) for number in (0, 1)))
        os.kill(attempts_of(tmp_path, 0)[0], signal.SIGKILL)
        assert workers.wait() == (0, {"square": 0})
        assert workers.size == 2
    hanging = attempts_of(tmp_path, 1)[0]
    until(lambda: not is_alive(hanging), 10)  # or it would go on writing a trial's files
    with open_workers(toy.square, "dask", 1, somewhere.address) as workers:
        for number in range(2, 7):
            workers.submit({"number": number, "begun": begun})
        assert collect(workers, 5) == {n: {"square": (n + 2) ** 2} for n in range(5)}
    told = capsys.readouterr().err
    assert f"Workers at {somewhere.address}: 2" in told
    assert "task 0 runs again" in told


def test_workers_that_join_later_are_used(somewhere: _Somewhere, tmp_path: Path) -> None:
    somewhere.add(1)
    with open_workers(toy.square, "dask", 1, somewhere.address) as workers:
        assert workers.size == 1
        somewhere.add(2)
        workers.submit({"number": 0, "begun": str(tmp_path)})
        workers.wait()
        assert workers.size == 3


def test_two_searches_share_a_scheduler(somewhere: _Somewhere, tmp_path: Path) -> None:
    somewhere.add(1)
    (tmp_path / "two").mkdir()
    first = open_workers(toy.square, "dask", 1, somewhere.address)
    second = open_workers(toy.square, "dask", 1, somewhere.address)
    with first, second:
        for number in range(4):
            first.submit({"number": number, "begun": str(tmp_path)})
            second.submit({"number": number + 10, "begun": str(tmp_path / "two")})
        assert collect(first, 4) == {n: {"square": n**2} for n in range(4)}
        assert collect(second, 4) == {n: {"square": (n + 10) ** 2} for n in range(4)}


def test_scheduler_without_workers_is_named(
    somewhere: _Somewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 2.0)
    with pytest.raises(ConfigError, match=f"dask worker {somewhere.address}"):
        open_workers(toy.square, "dask", 1, somewhere.address)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "127.0.0.1", "nonsense://x:1", ""])
def test_scheduler_that_does_not_answer_is_named(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 1.0)
    with pytest.raises(ConfigError, match=f"no Dask scheduler answers at '{address}'.* search.sch"):
        open_workers(toy.square, "dask", 1, address)


def test_scheduler_that_goes_away_ends_the_search(
    somewhere: _Somewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its trials must not be taken for failed ones."""
    monkeypatch.setattr(cluster, "PATIENCE", 1.0)
    somewhere.add(1)
    with open_workers(toy.square, "dask", 1, somewhere.address) as workers:
        workers.submit({"number": 0, "begun": str(tmp_path), "hangs": [0]})
        until(lambda: bool(attempts_of(tmp_path, 0)))
        threading.Timer(0.5, somewhere.scheduler.kill).start()
        with pytest.raises(WorkError, match=f"{somewhere.address} is gone"):
            workers.wait()


def test_worker_with_several_threads_has_one_task_at_a_time(tmp_path: Path) -> None:
    """Threads of torch are set for a process."""
    running: list[int] = []
    most: list[int] = []

    class Worker:
        name, address = "a", "tcp://127.0.0.1:1"

        def get_current_task(self) -> str:
            return "task"

    def task(argument: dict[str, Any]) -> dict[str, Any]:
        running.append(1)
        most.append(len(running))
        time.sleep(0.05)
        running.pop()
        return {}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "get_worker", Worker)
        patch.setattr(Share, "take", lambda share: None)
        threads = [threading.Thread(target=cluster.work, args=(task, "{}", {})) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most == [1, 1, 1]


def test_a_port_that_others_use_is_no_matter() -> None:
    """Dask's usual port for pages may be another cluster's: nothing is said of it."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):  # somebody else has it already, which does as well
            other.bind(("127.0.0.1", 8787))
            other.listen()
        with connection.local(1) as client:
            port = client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.http_server.port)
    assert port != 8787
