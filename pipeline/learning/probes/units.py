"""How many units of each activation are dead or saturated?

A unit is a channel of an activation's output. It is dead if a rectifier is above 0 nowhere in the
batches (it then passes no gradient), or saturated if a sigmoid or hyperbolic tangent is at its
limits everywhere. Activations that have a slope below 0, too (leaky_relu, prelu, elu, silu, gelu),
pass gradient there and are not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from pipeline.learning.batch import Batch
from pipeline.learning.probes.finding import Finding, failure, listed, ok, warning
from pipeline.learning.probes.trial import Recipe, Trial

RECTIFIERS = (nn.ReLU, nn.ReLU6)
LIMITED = (nn.Sigmoid, nn.Tanh, nn.Hardsigmoid)
MANY = 0.5
"""A larger share of dead units is worth a warning."""
_EDGE = 0.01


@dataclass(frozen=True)
class LayerUnits:
    """Units of one activation.

    Attributes:
        name: Name of the activation in the network; used a second time it is followed by (2).
        units: Number of channels.
        idle: Number of channels that are dead or saturated.
    """

    name: str
    units: int
    idle: int

    @property
    def share(self) -> float:
        """Share of idle units, 0 to 1."""
        return self.idle / self.units


@dataclass(frozen=True)
class IdleUnits:
    """Idle units of all activations, in the order in which they act.

    Attributes:
        layers: One per use of an activation; empty if the network has none that is a module.
        steps: Steps made before the look.
        finding: The verdict.
    """

    layers: tuple[LayerUnits, ...]
    steps: int
    finding: Finding


def check_units(
    network: nn.Module, recipe: Recipe, batches: Sequence[Batch], steps: int = 0
) -> IdleUnits:
    """Count the units that are idle in all of the batches.

    Args:
        network: Before its first step.
        recipe: How a step is made.
        batches: One or more.
        steps: Steps to be made first, on these batches in turn.
    """
    trial = Trial(network, recipe)
    for step in range(steps):
        trial.step(batches[step % len(batches)])
    layers = _count(trial, batches)
    return IdleUnits(layers, steps, _judged(layers, steps))


def _count(trial: Trial, batches: Sequence[Batch]) -> tuple[LayerUnits, ...]:
    busy: dict[str, Tensor] = {}
    uses: Counter[str] = Counter()

    def watch(name: str) -> Any:
        def hook(module: nn.Module, _inputs: object, output: Tensor) -> None:
            uses[name] += 1
            key = name if uses[name] == 1 else f"{name} ({uses[name]})"
            working = _working(module, output.detach())
            busy[key] = working | busy[key] if key in busy else working

        return hook

    kinds = (*RECTIFIERS, *LIMITED)
    named = [(n, m) for n, m in trial.network.named_modules() if isinstance(m, kinds)]
    handles = [module.register_forward_hook(watch(name)) for name, module in named]
    try:
        with torch.no_grad():
            for batch in batches:
                uses.clear()
                trial.forward(batch)
    finally:
        for handle in handles:
            handle.remove()
    return tuple(LayerUnits(n, w.numel(), int((~w).sum())) for n, w in busy.items())


def _working(module: nn.Module, output: Tensor) -> Tensor:
    """(C,) bool: channels (N, C, ...) that are somewhere neither dead nor saturated."""
    if isinstance(module, LIMITED):
        low = -1.0 if isinstance(module, nn.Tanh) else 0.0
        alive = (output > low + _EDGE) & (output < 1 - _EDGE)
    else:
        alive = output > 0
    return alive.transpose(0, 1).flatten(1).any(dim=1).cpu()


def _judged(layers: Sequence[LayerUnits], steps: int) -> Finding:
    if not layers:
        return ok("the network has no activation that can be watched")
    units, idle = sum(row.units for row in layers), sum(row.idle for row in layers)
    found = f"{idle} of {units} units in {len(layers)} activations idle after {steps} steps"
    dead = [row.name for row in layers if row.idle == row.units]
    if dead:
        return failure(
            f"{found}; all units of {listed(dead)}",
            "nothing passes through a layer without a living unit; change its initialisation or "
            "biases, take leaky_relu, turn on normalisation, or lower train.rate",
        )
    weak = [f"{row.name} ({100 * row.share:.0f} %)" for row in layers if row.share > MANY]
    if weak:
        return warning(
            f"{found}; most units of {listed(weak)}",
            "much of the network is not used; take leaky_relu, turn on normalisation, or lower "
            "train.rate",
        )
    return ok(found)
