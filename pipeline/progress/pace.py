"""How fast work goes on, from when it was how far."""

from __future__ import annotations

from collections import deque
from typing import Final

_GAP: Final = 0.25
"""Seconds between two samples that are kept."""
_WINDOW: Final = 30.0
"""Seconds after which a sample is old ..."""
_FEWEST: Final = 10
"""... unless there are no more than so many."""


class Pace:
    """Seconds that one of many things takes at present.

    Args:
        now: Time of the beginning, seconds of any clock.
        done: How many were done then.
    """

    def __init__(self, now: float, done: float = 0.0) -> None:
        self._samples = deque([(now, done)])

    def add(self, now: float, done: float) -> None:
        """Note how many are done at a time."""
        samples = self._samples
        if len(samples) > 1 and now - samples[-2][0] < _GAP:
            samples[-1] = (now, done)
        else:
            samples.append((now, done))
        while len(samples) > _FEWEST and now - samples[0][0] > _WINDOW:
            samples.popleft()

    def each(self, now: float) -> float | None:
        """Seconds per thing; None if nobody can tell yet.

        The later half of the samples decides: what was there already, and passed in no time, says
        nothing about the rest. Where the next is late, the pace falls.
        """
        samples = self._samples
        last, done = samples[-1]
        for place in ((len(samples) - 1) // 2, 0):
            first, before = samples[place]
            if done > before:
                spent, steps = last - first, len(samples) - 1 - place
                late = max(now - last - spent / steps, 0.0)
                return (spent + late) / (done - before)
        return None
