"""The learning-rate range test (Smith, 2017, "Cyclical learning rates", section 3.3).

The rate rises exponentially, one batch per step, until the loss diverges. The loss falls fastest
at a rate that suits, and a tenth of the rate at which it diverges is as much as is wise.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
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
WIDTH = 0.2
"""Standard deviation of the bell that smooths the losses, decades of the rate."""
RISE, REGAIN = 0.25, 0.5
"""The loss diverges where, smoothed, it has risen from its lowest value so far by a quarter of
that, and by half of all that it had fallen."""
FALL = 0.02
"""A loss that falls by less says little about rates."""
_DUST = 1e-6
"""A smaller fall is rounding."""
FEWEST = 12
"""Fewer steps say nothing about rates."""
FAR = 30.0
"""A rate so many times below the suggestion wastes steps; so many times above, it learns little."""


@dataclass(frozen=True)
class RateRange:
    """The losses of a rising rate.

    Attributes:
        rates: (n,) learning rate of each step.
        losses: (n,) loss before each step.
        smoothed: (n,) the losses smoothed by a bell: unlike a running mean it does not lag.
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
    lowest: float = LOWEST,
    highest: float | None = None,
    steps: int = STEPS,
    seconds: float = SECONDS,
) -> RateRange:
    """Train at a rising rate, and judge the recipe's own.

    Args:
        network: Before its first step.
        recipe: How a step is made.
        batch: The batch of the step of this number.
        lowest: First rate.
        highest: Last rate; if None, HIGHEST, or as far above the recipe's own as tells its fate.
        steps: Number of steps from the first to the last, 4 or more.
        seconds: Time in which the last rate is reached, in fewer steps if need be.
    """
    if highest is None:
        highest = max(HIGHEST, FAR * recipe.settings.rate)
    rates, losses = _losses(Trial(network, recipe), batch, (lowest, highest), steps, seconds)
    finite = [value for value in losses if math.isfinite(value)]
    smoothed = smooth(rates[: len(finite)], finite)
    risen = _diverged(smoothed)
    ended = len(finite) if len(finite) < len(losses) else None
    first = risen if risen is not None else ended
    divergence = math.inf if first is None else rates[first]
    steepest = _steepest(rates, smoothed)
    suggestion = min(steepest, divergence / 10)
    finding = _judged(recipe.settings.rate, suggestion, divergence, smoothed)
    shown = tuple(rates[: len(finite)])
    return RateRange(
        shown, tuple(finite), tuple(smoothed), steepest, divergence, suggestion, finding
    )


def _losses(
    trial: Trial,
    batch: Callable[[int], Batch],
    limits: tuple[float, float],
    steps: int,
    seconds: float,
) -> tuple[list[float], list[float]]:
    """Rates and losses until these diverge; the last loss may be no number.

    The rate rises with the steps, or with the time where that is ahead: all of the range is seen.
    """
    rates: list[float] = []
    losses: list[float] = []
    lowest, highest = limits
    done, start = 0.0, time.monotonic()
    while True:
        rates.append(lowest * (highest / lowest) ** done)
        set_rate(trial.optimizer, rates[-1])
        losses.append(trial.step(batch(len(losses)))[1])
        if done >= 1 or not math.isfinite(losses[-1]):
            return rates, losses
        risen = _diverged(smooth(rates, losses))
        # Somewhat farther than the smoothing is wide, so that later losses can't undo it.
        if risen is not None and rates[-1] > rates[risen] * 10 ** (2 * WIDTH):
            return rates, losses
        elapsed = (time.monotonic() - start) / seconds
        done = min(max(len(losses) / (steps - 1), elapsed), 1.0)


def smooth(rates: Sequence[float], losses: Sequence[float]) -> list[float]:
    """Losses (n,) at rates (n,), smoothed by a bell over the logarithm of the rate."""
    decades = np.log10(rates)
    bell = np.exp(-(((decades[:, None] - decades) / WIDTH) ** 2) / 2)
    smoothed: list[float] = (bell @ np.array(losses) / bell.sum(axis=1)).tolist()
    return smoothed


def _diverged(smoothed: Sequence[float]) -> int | None:
    """The first step from which on the loss has diverged; one that falls again has not."""
    lowest, since = math.inf, None
    for step, value in enumerate(smoothed):
        lowest = min(lowest, value)
        risen = value - lowest > max(RISE * abs(lowest), REGAIN * (smoothed[0] - lowest))
        since = (step if since is None else since) if risen else None
    return since


def _steepest(rates: Sequence[float], smoothed: Sequence[float]) -> float:
    """Rate of the steepest fall of the smoothed loss before its lowest value; NaN for none."""
    lowest = int(np.argmin(smoothed)) + 1 if smoothed else 0
    if lowest < 3 or smoothed[0] - smoothed[lowest - 1] < _DUST * abs(smoothed[0]):
        return math.nan
    slope = np.gradient(np.array(smoothed[:lowest]), np.log(rates[:lowest]))
    return rates[int(slope.argmin())]


def _judged(
    configured: float, suggestion: float, divergence: float, smoothed: Sequence[float]
) -> Finding:
    diverges = f"diverges at {divergence:.2g}" if math.isfinite(divergence) else "never diverges"
    found = f"train.rate {configured:.2g}; suggested {suggestion:.2g}, {diverges}"
    if len(smoothed) < FEWEST and not math.isfinite(divergence):
        return warning(
            f"only {len(smoothed)} steps in the time",
            "too few to judge the rate; give the check more time with --seconds",
        )
    if math.isnan(suggestion):
        return failure(
            f"the loss falls at no rate and {diverges}",
            "nothing is learned at any rate; look at the other checks first: gradients, units, "
            "and the gradient of the loss",
        )
    if configured >= divergence:
        return failure(
            found,
            f"the training would diverge; set train.rate to {suggestion:.1g}, and to "
            f"{divergence / 10:.1g} at most",
        )
    if min(smoothed) > (1 - FALL) * smoothed[0]:
        return warning(
            f"{found}; the loss fell by less than {100 * FALL:g} %",
            "nothing much was learned at any rate, so the suggestion says little; look at the "
            "plot, and at the check of one batch",
        )
    return _far(configured, suggestion, found) or ok(found)


def _far(configured: float, suggestion: float, found: str) -> Finding | None:
    if suggestion / FAR <= configured <= suggestion * FAR:
        return None
    below, above = f"less than 1/{FAR:g} of", f"more than {FAR:g} times"
    slow, wild = "so steps are wasted", "where the loss hardly falls"
    where, why = (below, slow) if configured < suggestion else (above, wild)
    return warning(
        found, f"the rate is {where} the suggestion, {why}; set train.rate to {suggestion:.1g}"
    )
