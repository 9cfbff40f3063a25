"""A worker's share of the machine: threads, and one of the GPUs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_GPUS = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True)
class Share:
    """What a process may use.

    Attributes:
        position: Number of the worker among those of its machine, from 0.
        workers: How many there are on its machine.
    """

    position: int
    workers: int

    def take(self) -> None:
        """Keep this process to its share; best before it imports torch.

        More threads than cores in all would slow every worker down many times.
        """
        threads = self.threads()
        os.environ.update(dict.fromkeys(_THREADS, str(threads)))
        gpus = visible_gpus()
        if gpus:
            os.environ[_GPUS] = gpus[self.position % len(gpus)]
        torch = sys.modules.get("torch")
        if torch is not None:  # it has read the variables already
            torch.set_num_threads(threads)

    def threads(self) -> int:
        """Threads of this worker on this machine."""
        return max(1, cores() // self.workers)


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def visible_gpus() -> list[str]:
    """Names of the GPUs that this process may use, as CUDA takes them; torch is not imported."""
    named = os.environ.get(_GPUS)
    if named is not None:
        return _until_invalid(named.split(","))
    return [str(number) for number in range(_number_of_gpus())]


def _until_invalid(names: list[str]) -> list[str]:
    """CUDA sees the devices before the first name that is none."""
    found: list[str] = []
    for name in (name.strip() for name in names):
        if not name or name.startswith("-"):
            break
        found.append(name)
    return found


def _number_of_gpus() -> int:
    listed = Path("/proc/driver/nvidia/gpus")
    if listed.is_dir():
        return len(list(listed.iterdir()))
    program = shutil.which("nvidia-smi")
    if program is None:
        return 0
    try:
        done = subprocess.run(  # noqa: S603 - no value from outside
            [program, "-L"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    return sum(line.startswith("GPU ") for line in done.stdout.splitlines())
