"""Is the first loss what a network that knows only the classes' shares should have?

A network whose last layer starts at the classes' log-odds predicts little more than their shares.
The expected loss is the configured loss itself on constant logits at the log-odds of the batches'
shares; of its cross-entropy this is the entropy of the shares.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from pipeline.learning.batch import Batch
from pipeline.learning.probes.finding import Finding, failure, ok, warning
from pipeline.learning.probes.shares import class_shares, entropy, prior_logits
from pipeline.learning.probes.trial import Recipe, Trial

TOLERANCE = 1.5
"""The first loss may be so many times the expected one, or one so-manieth of it: random weights
before the last layer add logits of about unit variance."""


@dataclass(frozen=True)
class InitialLoss:
    """The loss before any step.

    Attributes:
        measured: Of the network, mean over the batches.
        expected: Of constant logits at the log-odds of the shares, mean over the batches.
        entropy: Mean entropy of the classes' shares, nats.
        finding: The verdict.
    """

    measured: float
    expected: float
    entropy: float
    finding: Finding

    @property
    def ratio(self) -> float:
        """The measured loss in units of the expected one."""
        return self.measured / self.expected if self.expected else math.inf


def check_initial_loss(
    network: nn.Module,
    recipe: Recipe,
    batches: Sequence[Batch],
    tolerance: float = TOLERANCE,
) -> InitialLoss:
    """Compare the first loss with that of a constant prediction of the shares.

    Args:
        network: Before its first step.
        recipe: How a step is made.
        batches: One or more.
        tolerance: Largest factor between the two.
    """
    trial, shares = Trial(network, recipe), class_shares(batches)
    measured, expected = [], []
    with torch.no_grad():
        for batch in batches:
            logits = trial.forward(batch).float()
            constant = prior_logits(shares).to(logits)[:, None, None].expand_as(logits)
            measured.append(float(recipe.loss(logits, batch.masks, batch.valid)))
            expected.append(float(recipe.loss(constant, batch.masks, batch.valid)))
    one, two = (sum(values) / len(batches) for values in (measured, expected))
    return InitialLoss(one, two, entropy(shares), _judged(one, two, tolerance))


def _judged(measured: float, expected: float, tolerance: float) -> Finding:
    found = f"{measured:.4g}, expected {expected:.4g}"
    if not (math.isfinite(measured) and math.isfinite(expected)):
        return failure(
            f"the first loss is {found}",
            "the loss gives no number before anything is learned; check train.loss and set "
            "train.precision to float32",
        )
    found = f"{found}: factor {measured / expected:.2f}" if expected else found
    if measured > tolerance * expected:
        return failure(
            f"{found}, more than {tolerance:g}",
            "the network starts surer of wrong answers than one that knows only the classes' "
            "shares; start its last layer at the log-odds of the shares, lower its "
            "initialisation, or turn on normalisation",
        )
    if measured < expected / tolerance:
        return warning(
            f"{found}, less than 1/{tolerance:g}",
            "the network knows the answer before any step: as it should if it starts from weights "
            "of the same task; if not, look for labels among its input channels",
        )
    return ok(found)
