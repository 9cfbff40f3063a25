"""Does the gradient reach every layer, and in like measure?

Per layer the norm of the gradient is divided by the norm of the weights: a step of plain descent
changes a layer by its rate times this. Layers far below the others learn nothing, layers far above
them decide alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import nn

from pipeline.learning.batch import Batch
from pipeline.learning.probes.finding import Finding, failure, listed, ok
from pipeline.learning.probes.trial import Recipe, Trial

STEPS = 10
APART = 1000.0
"""A layer whose ratio is so many times below or above the median of all layers stands apart."""


@dataclass(frozen=True)
class LayerGradient:
    """One layer's gradient in units of its weights.

    Attributes:
        name: Name of the weight in the network.
        first: |gradient| / |weight| before the first step, Euclidean norms.
        later: The same after some steps.
    """

    name: str
    first: float
    later: float


@dataclass(frozen=True)
class GradientFlow:
    """Gradients of all layers that learn, in the network's order.

    Attributes:
        layers: One per weight of two axes or more.
        steps: Steps between the first and the later look.
        finding: The verdict.
    """

    layers: tuple[LayerGradient, ...]
    steps: int
    finding: Finding


def check_gradients(
    network: nn.Module, recipe: Recipe, batch: Callable[[int], Batch], steps: int = STEPS
) -> GradientFlow:
    """Measure gradients before the first step and after some.

    Args:
        network: Before its first step.
        recipe: How a step is made.
        batch: The batch of the step of this number.
        steps: Steps between the two looks.
    """
    trial = Trial(network, recipe)
    trial.gradients(batch(0))
    first = _ratios(trial.network)
    for step in range(steps):
        trial.step(batch(step))
    trial.gradients(batch(steps))
    later = _ratios(trial.network)
    layers = tuple(LayerGradient(name, first[name], later[name]) for name in first)
    return GradientFlow(layers, steps, _judged(first, later, steps))


def _ratios(network: nn.Module) -> dict[str, float]:
    """|gradient| / |weight| of each weight that learns; infinite for weights of 0."""
    found = {}
    for name, weight in network.named_parameters():
        if weight.requires_grad and weight.ndim > 1:
            gradient = 0.0 if weight.grad is None else float(weight.grad.double().norm())
            norm = float(weight.detach().double().norm())
            found[name.removesuffix(".weight")] = (
                gradient / norm if norm else (math.inf if gradient else 0.0)
            )
    return found


def _judged(first: dict[str, float], later: dict[str, float], steps: int) -> Finding:
    if not first:
        return failure("no layer learns", "every weight is frozen; thaw at least the last layers")
    for moment, ratios in (("before the first step", first), (f"after {steps} steps", later)):
        problem = _problem(ratios, moment)
        if problem is not None:
            return problem
    before, after = (float(np.median(list(ratios.values()))) for ratios in (first, later))
    if not before / APART < after < before * APART:
        return failure(
            f"the median gradient/weight went from {before:.2g} to {after:.2g} in {steps} steps",
            "the first steps threw the network to where it learns no more; lower train.rate, or "
            "set train.clip to 1 or less",
        )
    low, high = min(later.values()), max(later.values())
    return ok(f"{len(first)} layers, gradient/weight {low:.2g} to {high:.2g} after {steps} steps")


def _problem(ratios: dict[str, float], moment: str) -> Finding | None:
    broken = [name for name, ratio in ratios.items() if math.isnan(ratio)]
    if broken:
        return failure(
            f"gradients that are no numbers {moment}: {listed(broken)}",
            "set train.precision to float32, and lower train.rate",
        )
    dead = [name for name, ratio in ratios.items() if ratio == 0]
    if dead:
        return failure(
            f"no gradient {moment}: {listed(dead)}",
            "these layers learn nothing: they are cut off from the loss, or the units behind them "
            "are dead (see the check of units); change activation or "
            "initialisation, or lower train.rate",
        )
    median = float(np.median(list(ratios.values())))
    faint = [name for name, ratio in ratios.items() if ratio < median / APART]
    if faint:
        return failure(
            f"the gradient vanishes {moment}: {listed(faint)}",
            f"it is less than 1/{APART:g} of the median layer's; turn on normalisation, or change "
            "activation or initialisation",
        )
    loud = [n for n, r in ratios.items() if r > median * APART and math.isfinite(r)]
    if loud:
        return failure(
            f"the gradient explodes {moment}: {listed(loud)}",
            f"it is more than {APART:g} times the median layer's; turn on normalisation, lower "
            "the initialisation, or set train.clip to 1 or less",
        )
    return None
