"""A few steps of the configured training, on a copy of the network."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from torch.optim import Optimizer

from pipeline.learning.batch import Batch
from pipeline.learning.device import Compute
from pipeline.learning.freezing import set_training


@dataclass(frozen=True)
class Recipe:
    """How a step of the configured training is made.

    Attributes:
        loss: Of logits (N, K, h, w), masks (N, K, h, w) and valid (N, h, w); a scalar.
        optimizer: Makes the configured optimizer of a network, at the configured rate.
        compute: Device and arithmetic of the forward pass.
        clip: Largest norm of the gradient; None for no clipping.
    """

    loss: nn.Module
    optimizer: Callable[[nn.Module], Optimizer]
    compute: Compute
    clip: float | None = None


class Trial:
    """A copy of a network in training mode; the network itself stays as it is.

    Args:
        network: On the recipe's device.
        recipe: How a step is made.
    """

    def __init__(self, network: nn.Module, recipe: Recipe) -> None:
        self.network = copy.deepcopy(network)
        self.recipe = recipe
        self.optimizer = recipe.optimizer(self.network)
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
        if math.isfinite(value):
            if self.recipe.clip is not None:
                clip_grad_norm_(self.network.parameters(), self.recipe.clip)
            self.optimizer.step()
        return logits, value
