"""Workers finish what they were given, whoever is killed, and leave no process behind."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from pipeline.workers import share
from pipeline.workers.opening import Lost, open_workers
from pipeline.workers.share import Share, visible_gpus
from pipeline.workers.task import ATTEMPTS
from tests.workers import toy
from tests.workers.toy import attempts_of, collect, is_alive, until

ROOT = Path(__file__).parents[2]
Backend = Literal["inline", "pool", "dask"]
slow = pytest.mark.slow
EVERY = pytest.mark.parametrize("backend", ["inline", "pool", pytest.param("dask", marks=slow)])
PROCESSES = pytest.mark.parametrize("backend", ["pool", pytest.param("dask", marks=slow)])


def _kill_when_begun(folder: Path, number: int) -> None:
    def kill() -> None:
        until(lambda: bool(attempts_of(folder, number)))
        os.kill(attempts_of(folder, number)[0], signal.SIGKILL)

    threading.Thread(target=kill).start()


def _size(backend: Backend, size: int) -> int:
    return 1 if backend == "inline" else size


@pytest.mark.parametrize(
    ("backend", "size"), [("pool", 4), pytest.param("dask", 2, marks=pytest.mark.slow)]
)
def test_task_of_a_killed_worker_runs_again(
    backend: Backend, size: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_workers(toy.square, backend, size) as workers:
        assert workers.size == size
        _kill_when_begun(tmp_path, 5)
        tickets = [
            workers.submit({"number": number, "begun": str(tmp_path), "hangs": [5]})
            for number in range(16)
        ]
        assert tickets == list(range(16))
        assert collect(workers, 16) == {number: {"square": number**2} for number in range(16)}
        with pytest.raises(RuntimeError, match="no task"):
            workers.wait()
    attempts = [len(attempts_of(tmp_path, number)) for number in range(16)]
    again = {number for number in range(16) if attempts[number] > 1}
    # A worker of Dask keeps results until they are fetched, so the one before may be lost with it.
    assert again == {5} if backend == "pool" else 5 in again and len(again) <= 2
    assert sum(attempts) == 16 + len(again)
    assert capsys.readouterr().err.count("task 5 runs again") == 1


@PROCESSES
def test_task_that_kills_its_workers_is_given_up(
    backend: Backend, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_workers(toy.square, backend, 2) as workers:
        for number in range(6):
            workers.submit({"number": number, "begun": str(tmp_path), "dies": [2]})
        results = collect(workers, 6)
    lost = results.pop(2)
    assert isinstance(lost, Lost)
    assert "worker died 3 times" in lost.reason
    assert results == {number: {"square": number**2} for number in (0, 1, 3, 4, 5)}
    assert len(attempts_of(tmp_path, 2)) == ATTEMPTS == 3
    assert capsys.readouterr().err.count("task 2 runs again") == 2


@EVERY
def test_error_of_a_task_loses_it_at_once(backend: Backend, tmp_path: Path) -> None:
    with open_workers(toy.square, backend, _size(backend, 2)) as workers:
        for number in range(3):
            workers.submit({"number": number, "begun": str(tmp_path), "raises": [1]})
        results = collect(workers, 3)
    lost = results[1]
    assert isinstance(lost, Lost)
    assert lost.reason.startswith("ValueError: 1 is not nice (toy.py, line ")
    assert [results[0], results[2]] == [{"square": 0}, {"square": 4}]
    assert len(attempts_of(tmp_path, 1)) == 1


@pytest.mark.parametrize(
    ("task", "words"), [(toy.odd, "TypeError: .*PosixPath"), (toy.leave, "SystemExit: enough")]
)
@pytest.mark.parametrize("backend", ["inline", "pool"])
def test_result_that_is_no_json_and_early_exit_are_losses(
    backend: Backend, task: Callable[..., Any], words: str
) -> None:
    with open_workers(task, backend, 1) as workers:
        workers.submit({})
        _, lost = workers.wait()
    assert isinstance(lost, Lost)
    assert re.match(words, lost.reason)


@EVERY
def test_idle_worker_that_was_killed_is_replaced(backend: Backend, tmp_path: Path) -> None:
    """As the system does when memory is short: between two tasks, too."""
    with open_workers(toy.square, backend, 1) as workers:
        for number in range(3):
            workers.submit({"number": number, "begun": str(tmp_path)})
            assert workers.wait() == (number, {"square": number**2})
            if backend != "inline":
                os.kill(attempts_of(tmp_path, number)[0], signal.SIGKILL)
                if number == 1:  # noticed before the next task, or only by it
                    until(lambda: not is_alive(attempts_of(tmp_path, 1)[0]))


def test_ctrl_c_passes_through_a_task_of_this_process(tmp_path: Path) -> None:
    def interrupted(argument: dict[str, Any]) -> dict[str, Any]:
        raise KeyboardInterrupt

    with open_workers(interrupted, "inline", 1) as workers:
        workers.submit({})
        with pytest.raises(KeyboardInterrupt):
            workers.wait()


@slow
@PROCESSES
def test_each_worker_has_its_share(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,GPU-5f,7")
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    size = 2
    with open_workers(toy.environment, backend, size) as workers:
        for _ in range(size):
            workers.submit({})
        found = [result for result in collect(workers, size).values() if isinstance(result, dict)]
    threads = max(1, share.cores() // size)
    assert [result["threads"] for result in found] == [threads] * size
    assert [result["omp"] for result in found] == [str(threads)] * size
    assert [result["wait"] for result in found] == ["PASSIVE"] * size
    assert sorted(result["gpu"] for result in found) == ["3", "GPU-5f"]
    assert len({result["pid"] for result in found} | {os.getpid()}) == size + 1
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "3,GPU-5f,7"


@pytest.mark.parametrize(
    ("cores", "workers", "threads"), [(8, 1, 8), (8, 3, 2), (2, 4, 1), (1, 1, 1)]
)
def test_threads_of_all_workers_fit_the_cores(
    cores: int, workers: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(share, "cores", lambda: cores)
    assert Share(0, workers).threads() == threads


@pytest.mark.parametrize(
    ("named", "visible"),
    [
        ("", []),
        ("-1", []),
        ("0", ["0"]),
        ("2, 0,-1,1", ["2", "0"]),
        ("MIG-a,MIG-b", ["MIG-a", "MIG-b"]),
    ],
)
def test_visible_gpus_are_those_that_cuda_sees(
    named: str, visible: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert visible_gpus() == visible


@PROCESSES
def test_closing_ends_all_processes_amid_their_work(backend: Backend, tmp_path: Path) -> None:
    with open_workers(toy.square, backend, 2) as workers:
        for number in range(4):
            workers.submit({"number": number, "begun": str(tmp_path), "hangs": [0, 1]})
        until(lambda: all(attempts_of(tmp_path, number) for number in (0, 1)))
        began = time.monotonic()
    assert time.monotonic() - began < 10
    pids = [attempts_of(tmp_path, number)[0] for number in (0, 1)]
    assert not any(map(is_alive, pids))
    assert multiprocessing.active_children() == []
    assert not attempts_of(tmp_path, 2), "what had not begun must not begin now"


@PROCESSES
def test_ctrl_c_is_not_for_workers(
    backend: Backend, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A terminal sends it to them too; only the driver knows what has to be kept."""
    with open_workers(toy.square, backend, 2) as workers:
        for number in (0, 1):
            workers.submit({"number": number, "begun": str(tmp_path), "hangs": [0]})
        assert workers.wait() == (1, {"square": 1})
        until(lambda: bool(attempts_of(tmp_path, 0)))
        os.kill(attempts_of(tmp_path, 0)[0], signal.SIGINT)
        time.sleep(1)
        workers.submit({"number": 2, "begun": str(tmp_path)})
        assert workers.wait() == (2, {"square": 4})
        assert len(attempts_of(tmp_path, 0)) == 1
    assert "died" not in capsys.readouterr().err


def _driver(backend: Backend, folder: Path) -> tuple[subprocess.Popen[str], list[int]]:
    """A driver in a process group of its own, and its workers when they are at work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.workers.toy", backend, str(folder)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until(lambda: all(attempts_of(folder, number) for number in (0, 1)))
    return process, [attempts_of(folder, number)[0] for number in (0, 1)]


@PROCESSES
def test_ctrl_c_ends_a_driver_and_its_workers(backend: Backend, tmp_path: Path) -> None:
    process, pids = _driver(backend, tmp_path)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
    _, told = process.communicate(timeout=15)
    assert process.returncode == -signal.SIGINT
    until(lambda: not any(map(is_alive, pids)), 5)
    assert told.count("Traceback") == 1, told  # the driver's own
    assert told.rstrip().endswith("KeyboardInterrupt")


@PROCESSES
def test_workers_of_a_killed_driver_end(backend: Backend, tmp_path: Path) -> None:
    process, pids = _driver(backend, tmp_path)
    assert all(map(is_alive, pids))
    process.kill()
    process.communicate(timeout=15)
    until(lambda: not any(map(is_alive, pids)), 15)
