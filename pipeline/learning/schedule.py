"""The learning rate over a training, as a factor of its peak."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

Schedule = Literal["constant", "cosine", "one_cycle", "linear"]

RISE = 0.2
"""Share of a one-cycle training in which the rate rises."""
START = 0.04
"""Where a one-cycle rate starts, as a share of its peak."""


def rate_factor(schedule: Schedule, progress: float) -> float:
    """Share of the peak rate when ``progress`` (0 to 1) of the training is done.

    ``one_cycle`` rises and falls along half cosines (Smith and Topin, 2018); ``cosine`` and
    ``linear`` only fall, to 0.
    """
    return _FORMULAS[schedule](min(max(progress, 0.0), 1.0))


def _falling_cosine(progress: float) -> float:
    return (1 + math.cos(math.pi * progress)) / 2


def _one_cycle(progress: float) -> float:
    if progress < RISE:
        return 1 - (1 - START) * _falling_cosine(progress / RISE)
    return _falling_cosine((progress - RISE) / (1 - RISE))


_FORMULAS: dict[str, Callable[[float], float]] = {
    "constant": lambda _: 1.0,
    "cosine": _falling_cosine,
    "one_cycle": _one_cycle,
    "linear": lambda progress: 1 - progress,
}
