"""A few steps of the configured training, on a copy of the network."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor, nn

from pipeline.config.train import Train
from pipeline.learning.batch import Batch
from pipeline.learning.device import Compute
from pipeline.learning.freezing import set_training
from pipeline.learning.optimizer import build_optimizer
from pipeline.learning.penalties import hold_norms, shape_gradients


@dataclass(frozen=True)
class Recipe:
    """How a step of the configured training is made, of one batch and at a constant rate.

    Attributes:
        loss: Of logits (N, K, h, w), masks (N, K, h, w) and valid (N, h, w); a scalar.
        settings: The ``train`` section; what belongs to a whole training is not used.
        compute: Device and arithmetic of the forward pass.
        factors: Factor of the learning rate by name of a parameter; 1 if not named.
    """

    loss: nn.Module
    settings: Train
    compute: Compute
    factors: Mapping[str, float] = field(default_factory=dict)


class Trial:
    """A copy of a network in training mode; the network itself stays as it is.

    Args:
        network: On the recipe's device.
        recipe: How a step is made.
    """

    def __init__(self, network: nn.Module, recipe: Recipe) -> None:
        self.network = copy.deepcopy(network)
        self.recipe = recipe
        self.optimizer = build_optimizer(self.network, recipe.settings, recipe.factors)
        set_training(self.network)

    def forward(self, batch: Batch) -> Tensor:
        """Logits (N, K, h, w) of a batch."""
        with self.recipe.compute.autocast():
            logits: Tensor = self.network(batch.inputs)
        return logits

    def gradients(self, batch: Batch) -> tuple[Tensor, float]:
        """Logits and loss of a batch; its gradients are left at the weights, not clipped."""
        logits = self.forward(batch)
        loss: Tensor = self.recipe.loss(logits, batch.masks, batch.valid)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        return logits.detach(), loss.item()

    def step(self, batch: Batch) -> tuple[Tensor, float]:
        """Logits and loss of a batch before a step on it; no step if the loss is no number."""
        logits, value = self.gradients(batch)
        settings = self.recipe.settings
        if math.isfinite(value):
            shape_gradients(self.network, settings)
            self.optimizer.step()
            if settings.max_norm is not None:
                hold_norms(self.network, settings.max_norm)
        return logits, value
