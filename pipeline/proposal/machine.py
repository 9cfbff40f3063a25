"""The machine that a training will run on."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    """What a training may use.

    Attributes:
        cores: Processor cores.
        memory: GiB of memory.
        gpu: GiB of the graphics card's memory; 0 without a card.
    """

    cores: int
    memory: float
    gpu: float

    def told(self) -> str:
        """In words."""
        card = (
            f" and a graphics card of {self.gpu:.0f} GiB" if self.gpu else " and no graphics card"
        )
        return f"{self.cores} core{'s' * (self.cores != 1)}, {self.memory:.0f} GiB{card}"


def this_machine() -> Machine:
    """The machine that this runs on."""
    import torch  # noqa: PLC0415 - takes seconds to load

    gpu = 0.0
    if torch.cuda.is_available():
        gpu = torch.cuda.get_device_properties(0).total_memory / 2**30
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    return Machine(cores, _memory(), gpu)


def _memory() -> float:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (ValueError, OSError, AttributeError):
        return 8.0
