"""Can the network learn one batch by heart? If not, it will learn nothing from many."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.learning.batch import Batch
from pipeline.learning.metrics import LevelCounts, to_levels
from pipeline.learning.probes.finding import Finding, failure, ok, warning
from pipeline.learning.probes.trial import Recipe, Trial

GOAL = 0.95
STEPS = 600
SECONDS = 60.0
EVERY = 10
"""Steps between two looks at the Jaccard index."""


@dataclass(frozen=True)
class Overfit:
    """How far one batch was learned by heart.

    Attributes:
        steps: At which the index was measured.
        jaccard: Mean over the classes present, each at its best threshold, at these steps.
        losses: Loss of every step.
        best: The highest index, 0 to 1.
        finding: The verdict.
    """

    steps: tuple[int, ...]
    jaccard: tuple[float, ...]
    losses: tuple[float, ...]
    best: float
    finding: Finding


def check_overfit(
    network: nn.Module,
    recipe: Recipe,
    batch: Batch,
    goal: float = GOAL,
    steps: int = STEPS,
    seconds: float = SECONDS,
) -> Overfit:
    """Train on one batch again and again, at a constant rate.

    The index is of the forward pass in training mode that each step makes anyway. Classes that the
    batch lacks, and those that the loss gives no gradient (weight 0), don't count.

    Args:
        network: Before its first step.
        recipe: How a step is made.
        batch: Not augmented.
        goal: Jaccard index to be reached, mean over classes.
        steps: Limit of steps, 1 or more.
        seconds: Limit of time.
    """
    trial, classes = Trial(network, recipe), learnable(recipe.loss, batch)
    if not classes.any():
        finding = failure(
            "the batch holds no class that the loss learns",
            "check train.loss.class_weights and the labels",
        )
        return Overfit((), (), (), 0.0, finding)
    end = time.monotonic() + seconds
    seen: dict[int, float] = {}
    losses: list[float] = []
    for step in range(steps):
        logits, value = trial.step(batch)
        losses.append(value)
        if not math.isfinite(value):
            break
        late = time.monotonic() > end
        if step % EVERY == 0 or step == steps - 1 or late:
            seen[step] = _jaccard(logits, batch, classes.numpy())
            if late or seen[step] >= goal:
                break
    best = max(seen.values(), default=0.0)
    finding = _judged(best, goal, losses, steps, seconds)
    return Overfit(tuple(seen), tuple(seen.values()), tuple(losses), best, finding)


def fewer(batch: Batch, count: int = 2) -> Batch:
    """The patches of a batch that hold most classes: few are learned by heart in little time.

    Args:
        batch: N patches.
        count: How many to keep; all if there are not more.
    """
    held = ((batch.masks >= 0.5) & batch.valid[:, None]).flatten(2).any(dim=2).sum(dim=1)
    kept = held.argsort(descending=True, stable=True)[:count]
    return Batch(batch.inputs[kept], batch.masks[kept], batch.valid[kept])


def learnable(loss: nn.Module, batch: Batch) -> Tensor:
    """(K,) bool on the CPU: classes that a batch holds and that its loss gives a gradient."""
    logits = torch.zeros(batch.masks.shape, device=batch.masks.device, requires_grad=True)
    (slope,) = torch.autograd.grad(loss(logits, batch.masks, batch.valid), logits)
    present = ((batch.masks >= 0.5) & batch.valid[:, None]).any(dim=(0, 2, 3)).flatten()
    moved = (slope.abs().sum(dim=(0, 2, 3)) > 0).flatten()
    return (present & moved).cpu()


def _jaccard(logits: Tensor, batch: Batch, classes: np.typing.NDArray[np.bool_]) -> float:
    """Mean over these classes (K,) of the pooled index at each one's best threshold."""
    counts = LevelCounts.empty(len(classes))
    levels = to_levels(logits.float().sigmoid()).cpu().numpy()
    truth, valid = (batch.masks >= 0.5).cpu().numpy(), batch.valid.cpu().numpy()
    for level, mask, known in zip(levels, truth, valid, strict=True):
        counts.add(level, mask, known)
    return float(counts.best().jaccard[classes].mean())


def _judged(best: float, goal: float, losses: list[float], steps: int, seconds: float) -> Finding:
    done = len(losses)
    found = f"Jaccard {best:.3f} on one batch after {done} steps, goal {goal:g}"
    if not math.isfinite(losses[-1]):
        return failure(
            f"the loss of step {done - 1} is {losses[-1]}; {found}",
            "the training diverges; lower train.rate, set train.clip to 1 or less, or set "
            "train.precision to float32",
        )
    if best >= goal:
        return ok(found)
    if done < steps:
        return warning(
            f"{found}, stopped after {seconds:.0f} s",
            "the time was over before the limit of steps; give it more with --seconds, and look at "
            "its curve",
        )
    return failure(
        found,
        "a network that can't learn one batch by heart won't learn the rest; check that masks lie "
        "on their objects (see the sheet), then train.rate against the rate check, dropout, "
        "train.decay, and whether the network is wide enough",
    )
