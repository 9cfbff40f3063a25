"""The learning-rate range test (Smith, 2017, "Cyclical learning rates", section 3.3).

The rate rises exponentially, one batch per step, until the loss diverges. The loss falls fastest
at a rate that suits, and a tenth of the rate at which it diverges is as much as is wise.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import nn

from pipeline.learning.batch import Batch
from pipeline.learning.optimizer import set_rate
from pipeline.learning.probes.finding import Finding, failure, ok, warning
from pipeline.learning.probes.trial import Recipe, Trial

LOWEST, HIGHEST = 1e-6, 10.0
STEPS = 100
SECONDS = 60.0
SMOOTHING = 0.85
"""Weight of the past in the smoothed loss."""
DIVERGED = 1.5
"""The loss diverges where, smoothed, it is so many times its lowest value so far."""
TIMID = 30.0
"""A rate so many times below the suggestion wastes steps."""


@dataclass(frozen=True)
class RateRange:
    """The losses of a rising rate.

    Attributes:
        rates: (n,) learning rate of each step.
        losses: (n,) loss before each step.
        smoothed: (n,) their exponential moving average, corrected for its start.
        steepest: Rate at which the smoothed loss falls fastest per factor of rate.
        divergence: Rate at which it diverges; infinite if it never did.
        suggestion: ``steepest``, but at most ``bound``.
        finding: The verdict on the configured rate.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    steepest: float
    divergence: float
    suggestion: float
    finding: Finding

    @property
    def bound(self) -> float:
        """As much as is wise: a tenth of the rate of divergence."""
        return self.divergence / 10


def check_rates(
    network: nn.Module,
    recipe: Recipe,
    batch: Callable[[int], Batch],
    configured: float,
    lowest: float = LOWEST,
    highest: float = HIGHEST,
    steps: int = STEPS,
    seconds: float = SECONDS,
) -> RateRange:
    """Train at a rising rate, and judge the configured one.

    Args:
        network: Before its first step.
        recipe: How a step is made.
        batch: The batch of the step of this number.
        configured: The rate to be judged.
        lowest: First rate.
        highest: Last rate.
        steps: Number of steps from the first to the last, 4 or more.
        seconds: Limit of time.
    """
    trial, end = Trial(network, recipe), time.monotonic() + seconds
    losses: list[float] = []
    smoothed: list[float] = []
    past, divergence = 0.0, math.inf
    rates = np.geomspace(lowest, highest, steps).tolist()
    for step, rate in enumerate(rates):
        set_rate(trial.optimizer, rate)
        _, value = trial.step(batch(step))
        if not math.isfinite(value):
            divergence = rate
            break
        past = SMOOTHING * past + (1 - SMOOTHING) * value
        losses.append(value)
        smoothed.append(past / (1 - SMOOTHING ** (step + 1)))
        if smoothed[-1] > DIVERGED * min(smoothed):
            divergence = rate
            break
        if time.monotonic() > end:
            break
    rates = rates[: len(losses)]
    steepest = _steepest(rates, smoothed)
    suggestion = min(steepest, divergence / 10)
    finding = _judged(configured, suggestion, divergence, smoothed)
    return RateRange(
        tuple(rates), tuple(losses), tuple(smoothed), steepest, divergence, suggestion, finding
    )


def _steepest(rates: list[float], smoothed: list[float]) -> float:
    """Rate of the steepest fall of the smoothed loss before its lowest value; NaN for none."""
    lowest = int(np.argmin(smoothed)) + 1 if smoothed else 0
    if lowest < 3:
        return math.nan
    slope = np.gradient(np.array(smoothed[:lowest]), np.log(rates[:lowest]))
    return rates[int(slope.argmin())]


def _judged(
    configured: float, suggestion: float, divergence: float, smoothed: list[float]
) -> Finding:
    diverges = f"diverges at {divergence:.2g}" if math.isfinite(divergence) else "never diverges"
    if math.isnan(suggestion):
        return failure(
            f"the loss falls at no rate and {diverges}",
            "nothing is learned at any rate; look at the other checks first: gradients, units, "
            "and the gradient of the loss",
        )
    found = f"train.rate {configured:.2g}; suggested {suggestion:.2g}, {diverges}"
    if configured >= divergence:
        return failure(
            found,
            f"the training would diverge; set train.rate to {suggestion:.1g}, and to "
            f"{divergence / 10:.1g} at most",
        )
    if configured < suggestion / TIMID:
        return warning(
            found,
            f"the rate is less than 1/{TIMID:g} of the suggestion, so steps are wasted; set "
            f"train.rate to {suggestion:.1g}",
        )
    if min(smoothed) > 0.98 * smoothed[0]:
        return warning(
            f"{found}; the loss fell by less than 2 %",
            "the test ended before much was learned; look at the plot, and give it more --seconds",
        )
    return ok(found)
