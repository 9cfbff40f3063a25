"""Frozen parts of a network: they keep their weights, and their norms keep their statistics."""

from __future__ import annotations

from torch import nn


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
