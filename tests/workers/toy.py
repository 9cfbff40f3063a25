"""Tasks for workers' tests, and programs that use workers; other processes import them by name."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, cast

import psutil  # type: ignore[import-untyped]

from pipeline.workers.opening import Lost, Workers, open_workers


def square(argument: dict[str, Any]) -> dict[str, Any]:
    """The square of a number; and what the argument's other keys ask for on the way.

    ``begun`` names a file per number that gets a line, the process, for each attempt.

    - ``hangs``: numbers whose first attempt never ends.
    - ``dies``: numbers whose process is killed, each time.
    - ``raises``: numbers that raise an error.
    """
    number = argument["number"]
    attempts = Path(argument["begun"]) / str(number)
    with attempts.open("a") as file:
        file.write(f"{os.getpid()}\n")
    if number in argument.get("hangs", ()) and len(attempts.read_text().splitlines()) == 1:
        time.sleep(600)
    if number in argument.get("dies", ()):
        os.kill(os.getpid(), signal.SIGKILL)
    if number in argument.get("raises", ()):
        raise ValueError(f"{number} is not nice")
    return {"square": number**2}


def environment(argument: dict[str, Any]) -> dict[str, Any]:
    """Threads and GPU that a worker has."""
    import torch

    return {
        "pid": os.getpid(),
        "threads": torch.get_num_threads(),
        "omp": os.environ["OMP_NUM_THREADS"],
        "wait": os.environ.get("OMP_WAIT_POLICY"),
        "gpu": os.environ.get("CUDA_VISIBLE_DEVICES"),
    }


def multiply(argument: dict[str, Any]) -> dict[str, Any]:
    """Work for a processor with torch: a convolution, forward and backward, some times."""
    import torch

    weights = torch.zeros(32, 32, 3, 3, requires_grad=True)
    for _ in range(argument["times"]):
        total: Any = torch.nn.functional.conv2d(torch.ones(4, 32, 96, 96), weights).sum()
        total.backward()
    return {"threads": torch.get_num_threads()}


def odd(argument: dict[str, Any]) -> dict[str, Any]:
    """What is no JSON."""
    return {"path": Path("x")}


def leave(argument: dict[str, Any]) -> dict[str, Any]:
    """End the process in good order."""
    sys.exit("enough")


def collect(workers: Workers, count: int) -> dict[int, dict[str, Any] | Lost]:
    """Results of so many tasks, by ticket; none twice."""
    results: dict[int, dict[str, Any] | Lost] = {}
    for _ in range(count):
        ticket, result = workers.wait()
        assert ticket not in results
        results[ticket] = result
    return results


def until(is_so: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for something."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Whether a process works."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def attempts_of(folder: Path, number: int | str) -> list[int]:
    """Processes that have begun a number's square."""
    path = folder / str(number)
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return [int(line) for line in lines if line.endswith("\n")]


def main(backend: str, folder: str) -> None:
    """A driver whose two tasks never end."""
    kind = cast(Literal["pool", "dask"], backend)
    # A shell that starts tests in the background makes them ignore Ctrl-C, and so their children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with open_workers(square, kind, 2) as workers:
        for number in (0, 1):
            workers.submit({"number": number, "begun": folder, "hangs": [0, 1]})
        workers.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
