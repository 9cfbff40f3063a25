"""What keeps weights and gradients small beside the loss: L1, clipping, bounded filters."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from pipeline.config.train import Train
from pipeline.learning.optimizer import decays

_TRANSPOSED = nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d
_KERNELS = nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d | _TRANSPOSED


@torch.no_grad()
def shape_gradients(network: nn.Module, settings: Train) -> None:
    """Change the gradients in place, after the last backward pass of a step.

    In this order: the penalty ``l1 * sum |w|`` of the weights that decay (its subgradient is
    ``l1 * sign(w)``, 0 at 0; Tibshirani, 1996), then cutting at ``clip_value``, then scaling of
    the whole gradient to the norm ``clip`` if it is longer (Pascanu et al., 2013).
    """
    trained = [p for p in network.parameters() if p.grad is not None]
    if settings.l1 > 0:
        _add_l1(trained, settings.l1)
    if settings.clip_value is not None:
        clip_grad_value_(trained, settings.clip_value)
    if settings.clip is not None:
        clip_grad_norm_(trained, settings.clip)


def _add_l1(parameters: Iterable[nn.Parameter], l1: float) -> None:
    for parameter in parameters:
        if parameter.grad is not None and decays(parameter):
            parameter.grad.add_(parameter.sign(), alpha=l1)


@torch.no_grad()
def hold_norms(network: nn.Module, bound: float) -> None:
    """Scale every output filter of the trained kernels down to this norm if it is above it.

    The max-norm constraint of Srivastava et al. (2014). A kernel is the weight of a convolution
    or a linear layer; the filter of an output channel is all of the weight that leads to it.

    Args:
        network: Changed in place; frozen kernels stay as they are.
        bound: Largest Euclidean norm of a filter, above 0.
    """
    for module in network.modules():
        if isinstance(module, _KERNELS) and module.weight.requires_grad:
            # Of a filter of zeros the quotient is infinite, and the factor 1.
            factors = (bound / filter_norms(module)).clamp_max(1.0)
            module.weight.mul_(_over_filters(module, factors))


def filter_norms(kernel: nn.Module) -> Tensor:
    """(output channels,) Euclidean norm of each output filter of a convolution or linear layer."""
    weight = kernel.get_parameter("weight").detach()
    if not isinstance(kernel, _TRANSPOSED):
        return weight.flatten(1).square().sum(dim=1).sqrt()
    # (in, out / groups, ...): each group of inputs leads to its own group of outputs.
    grouped = weight.reshape(kernel.groups, -1, weight.shape[1], weight[0, 0].numel())
    return grouped.square().sum(dim=(1, 3)).sqrt().flatten()


def _over_filters(kernel: nn.Module, factors: Tensor) -> Tensor:
    """(output channels,) as a tensor that multiplies a kernel's weight filter by filter."""
    weight = kernel.get_parameter("weight")
    if not isinstance(kernel, _TRANSPOSED):
        return factors.view(-1, *[1] * (weight.ndim - 1))
    rows = factors.view(kernel.groups, -1).repeat_interleave(
        weight.shape[0] // kernel.groups, dim=0
    )
    return rows.view(*rows.shape, *[1] * (weight.ndim - 2))
