"""Counting up within each of many runs at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.intp]


def ramps(counts: NDArray[np.integer[Any]]) -> tuple[Numbers, Numbers]:
    """For counts (2, 3): owners (0, 0, 1, 1, 1) and steps (0, 1, 0, 1, 2)."""
    owner = np.repeat(np.arange(len(counts)), counts)
    step = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    return owner, step
