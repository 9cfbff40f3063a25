"""Memory that a method takes beyond the mask, in a process of its own."""

from __future__ import annotations

import multiprocessing
import resource
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from polygon_bench.masks import Mask
from polygon_bench.methods import methods


def peaks(mask: Mask, folder: Path) -> dict[str, float]:
    """MB that each method takes for a mask (H, W), by its name.

    Args:
        mask: (H, W).
        folder: Where the mask is left for the processes.
    """
    path = folder / "mask.npy"
    np.save(path, mask)
    found = {}
    for method in methods():
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as executor:
            found[method.name] = executor.submit(growth, method.name, path).result()
    return found


def growth(name: str, path: Path) -> float:
    """MB by which tracing a mask raises the peak of this process.

    Args:
        name: Of the method.
        path: File of the mask.
    """
    method = next(method for method in methods() if method.name == name)
    mask = np.load(path, allow_pickle=False)
    method.trace(mask[:64, :64])  # what is loaded with the first call
    before = peak()
    method.trace(mask)
    return peak() - before


def peak() -> float:
    """Peak memory of this process, MB."""
    status = Path("/proc/self/status")
    if status.exists():
        # The figure of `resource` begins with the parent's peak where processes are forked.
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return float(lines["VmHWM"].split()[0]) * 1024 / 1e6
    bytes_each = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * bytes_each / 1e6
