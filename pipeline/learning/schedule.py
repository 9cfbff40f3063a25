"""The learning rate over a training, as a factor of its peak."""

from __future__ import annotations

import math

from pipeline.config.train import Train

RISE = 0.2
"""Share of a one-cycle training in which the rate rises."""
START = 0.04
"""Where a one-cycle rate starts, as a share of its peak."""
WARM_START = 0.01
"""Where a warm-up starts, as a share of the peak."""


def rate_factor(settings: Train, progress: float, drops: int = 0) -> float:
    """Share of the peak rate when ``progress`` of the training is done.

    ``one_cycle`` rises and falls along half cosines (Smith and Topin, 2018); ``cosine``
    (Loshchilov and Hutter, 2017, without restarts) and ``linear`` only fall, to 0; ``step`` falls
    at equal distances (He et al., 2016). A warm-up (Goyal et al., 2017) rises along a line, and
    the schedule then runs over what is left of the training.

    Args:
        settings: The ``train`` section.
        progress: Share of the training that is done, 0 to 1.
        drops: How often the schedule ``plateau`` has dropped the rate so far.

    Returns:
        0 to 1.
    """
    progress = min(max(progress, 0.0), 1.0)
    if progress < settings.warmup:
        return WARM_START + (1 - WARM_START) * progress / settings.warmup
    progress = (progress - settings.warmup) / (1 - settings.warmup)
    if settings.schedule == "step":
        reached = math.floor(progress * (settings.drops + 1) + 1e-9)
        return settings.drop_factor ** min(reached, settings.drops)
    if settings.schedule == "plateau":
        return settings.drop_factor**drops
    if settings.schedule == "linear":
        return 1 - progress
    if settings.schedule == "cosine":
        return _falling_cosine(progress)
    return _one_cycle(progress) if settings.schedule == "one_cycle" else 1.0


def _falling_cosine(progress: float) -> float:
    return (1 + math.cos(math.pi * progress)) / 2


def _one_cycle(progress: float) -> float:
    if progress < RISE:
        return 1 - (1 - START) * _falling_cosine(progress / RISE)
    return _falling_cosine((progress - RISE) / (1 - RISE))
