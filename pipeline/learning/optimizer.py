"""The optimizer of a configuration, with a factor of the rate for each parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from torch.optim import SGD, Adagrad, Adam, AdamW, NAdam, Optimizer, RMSprop

from pipeline.config.train import Train
from pipeline.errors import TrainingError

FACTOR = "factor"
"""Key of a parameter group: what its parameters' rate is multiplied by."""
_SECOND_BETA = 0.999


def build_optimizer(
    network: nn.Module, settings: Train, factors: Mapping[str, float] = {}
) -> Optimizer:
    """An optimizer of the network's weights; what needs no gradient is left out.

    Norms and biases (one axis) don't decay. The decay is part of the gradient (L2), but in adamw
    and nadam it is apart from it (Loshchilov and Hutter, 2019).

    Args:
        network: On its device.
        settings: The ``train`` section.
        factors: Factor of the learning rate, 0 or more, by name of a parameter; 1 if not named.

    Raises:
        TrainingError: If no weight of the network may change.
        ValueError: If a factor is of no parameter of the network.
    """
    groups = _groups(network, settings, factors)
    if not groups:
        raise TrainingError(
            "every weight of the network is frozen, so there is nothing to train; leave at least "
            "the last layer free"
        )
    rate, momentum = settings.rate, settings.momentum
    if settings.optimizer == "sgd":
        made: Optimizer = SGD(groups, lr=rate, momentum=momentum, nesterov=settings.nesterov)
    elif settings.optimizer == "adagrad":
        made = Adagrad(groups, lr=rate)
    elif settings.optimizer == "rmsprop":
        made = RMSprop(groups, lr=rate, momentum=momentum)
    elif settings.optimizer == "adam":
        made = Adam(groups, lr=rate, betas=(momentum, _SECOND_BETA))
    elif settings.optimizer == "adamw":
        made = AdamW(groups, lr=rate, betas=(momentum, _SECOND_BETA))
    else:
        betas = (momentum, _SECOND_BETA)
        made = NAdam(groups, lr=rate, betas=betas, decoupled_weight_decay=True)
    set_rate(made, rate)
    return made


def set_rate(optimizer: Optimizer, rate: float) -> None:
    """Use this learning rate from now on, times each group's factor."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group[FACTOR]


def decays(parameter: Tensor) -> bool:
    """Whether penalties apply to a parameter: not to norms and biases, which have one axis."""
    return parameter.ndim > 1


def _groups(network: nn.Module, settings: Train, factors: Mapping[str, float]) -> list[Any]:
    """Parameter groups by factor and decay, in the order in which the network has them."""
    named = dict(network.named_parameters())
    if unknown := sorted(set(factors) - set(named)):
        raise ValueError(f"the network has no parameter {', '.join(unknown)}")
    groups: dict[tuple[float, bool], list[Tensor]] = {}
    for name, parameter in named.items():
        if parameter.requires_grad:
            key = (float(factors.get(name, 1.0)), decays(parameter))
            groups.setdefault(key, []).append(parameter)
    return [
        {"params": params, "weight_decay": settings.decay if decaying else 0.0, FACTOR: factor}
        for (factor, decaying), params in groups.items()
    ]
