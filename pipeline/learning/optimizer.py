"""The optimizer of a configuration, and the moving average of a network's weights."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, NAdam, Optimizer

from pipeline.config.train import Train

MOMENTUM = 0.9


def build_optimizer(network: nn.Module, settings: Train) -> Optimizer:
    """An optimizer of the network's weights; norms and biases (one axis) don't decay."""
    weights = [p for p in network.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in weights if p.ndim > 1], "weight_decay": settings.decay},
        {"params": [p for p in weights if p.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    if settings.optimizer == "sgd":
        return SGD(groups, lr=settings.rate, momentum=MOMENTUM, nesterov=True)
    if settings.optimizer == "nadam":
        return NAdam(groups, lr=settings.rate, decoupled_weight_decay=True)
    kind = AdamW if settings.optimizer == "adamw" else Adam
    return kind(groups, lr=settings.rate)


def set_rate(optimizer: Optimizer, rate: float) -> None:
    """Use this learning rate from now on."""
    for group in optimizer.param_groups:
        group["lr"] = rate


class Average:
    """Exponential moving average of a network: what validation and prediction use.

    The first steps count more (decay ``(1 + n) / (10 + n)`` until it reaches the configured one),
    so that the random start is forgotten. With decay 0 it is the network itself.

    Attributes:
        network: The averaged network.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._decay = decay
        self._source = network
        self.network = copy.deepcopy(network) if decay > 0 else network

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move towards the network's weights as they are after ``step`` steps."""
        if self._decay == 0:
            return
        decay = min(self._decay, (1 + step) / (10 + step))
        mine, theirs = _floats(self.network), _floats(self._source)
        torch._foreach_lerp_(mine, theirs, 1 - decay)


def _floats(network: nn.Module) -> list[Tensor]:
    """Parameters and the buffers of norms, in a fixed order."""
    return [t for t in network.state_dict().values() if t.is_floating_point()]
