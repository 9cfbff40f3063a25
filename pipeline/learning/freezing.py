"""Frozen parts of a network keep weights and statistics; carried weights learn more slowly."""

from __future__ import annotations

from collections.abc import Collection

from torch import nn

from pipeline.config.transfer import Transfer
from pipeline.errors import ConfigError
from pipeline.learning.parts import distances, part_of


def set_training(network: nn.Module) -> None:
    """Training mode for all but the frozen modules, which stay in evaluation mode.

    A module is frozen if it has parameters, its own or its descendants', and none of them requires
    a gradient. All modules within it are in evaluation mode, too: norms keep their running
    statistics, and dropout is off, so that what was frozen computes what it did when it was
    trained. A module without parameters (dropout, activation) does what the nearest module around
    it that has parameters does.

    Args:
        network: Changed in place.
    """
    network.train()
    _evaluate_frozen(network)


def is_frozen(module: nn.Module) -> bool:
    """Whether a module has parameters and none of them, its own or inner, requires a gradient."""
    wanted = [parameter.requires_grad for parameter in module.parameters()]
    return bool(wanted) and not any(wanted)


def _evaluate_frozen(module: nn.Module) -> None:
    if is_frozen(module):
        module.eval()
        return
    for child in module.children():
        _evaluate_frozen(child)


def freeze(network: nn.Module, settings: Transfer) -> None:
    """Take from the optimizer what is not to be trained: no gradient is required of it.

    Args:
        network: Changed in place.
        settings: The ``transfer`` section, whose ``trained`` says what is trained.

    Raises:
        ConfigError: If so many blocks are trained that none is left to be frozen.
    """
    trained = settings.trained
    if trained == "all":
        return
    away = distances(network)
    if isinstance(trained, int) and trained >= max(away.values()):
        raise ConfigError(
            f"transfer.trained: {trained} leaves none of the network's {max(away.values())} blocks "
            "frozen; set it to all, or lower it"
        )
    for name, parameter in network.named_parameters():
        kept = part_of(name) == "encoder" if trained == "decoder" else away[name] > trained
        if kept:
            parameter.requires_grad_(False)


def rate_factors(
    network: nn.Module, settings: Transfer, carried: Collection[str]
) -> dict[str, float]:
    """Factor of the learning rate of each parameter that is trained.

    A new one has 1; one that was carried over has ``rate_factor * depth_factor ** d`` with d blocks
    between it and the last layer (discriminative fine-tuning: Howard and Ruder, 2018, section 3.2).

    Args:
        network: After :func:`freeze`.
        settings: The ``transfer`` section.
        carried: Names of the parameters all of whose numbers were carried over.
    """
    away = distances(network)
    return {
        name: settings.rate_factor * settings.depth_factor ** away[name] if name in carried else 1.0
        for name, parameter in network.named_parameters()
        if parameter.requires_grad
    }
