"""Is the gradient of the configured loss the slope of its value?

A central difference in float64 on a small crop of real logits and masks, by
:func:`torch.autograd.gradcheck`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from pipeline.learning.batch import Batch
from pipeline.learning.probes.finding import Finding, failure, ok
from pipeline.learning.probes.trial import Recipe, Trial

SIDE = 6
"""Pixels of the crop's side: every logit of it is moved twice."""
STEP = 1e-6
ABSOLUTE, RELATIVE = 1e-7, 1e-3


@dataclass(frozen=True)
class LossGradient:
    """Gradient and slope of a loss.

    Attributes:
        analytic: Slope along a random direction, from the gradient.
        numeric: The same from two values of the loss.
        logits: Number of logits that were moved one by one.
        agrees: Whether the gradient is the slope for each of them.
        finding: The verdict.
    """

    analytic: float
    numeric: float
    logits: int
    agrees: bool
    finding: Finding


def check_loss_gradient(
    network: nn.Module, recipe: Recipe, batch: Batch, side: int = SIDE
) -> LossGradient:
    """Compare the loss's gradient with its slope.

    Args:
        network: Its logits are taken, its gradients are not.
        recipe: How a step is made; only its loss is checked.
        batch: The crop is taken where it holds most classes.
        side: Side of the crop, pixels.
    """
    with torch.no_grad():
        logits = Trial(network, recipe).forward(batch).double().cpu()
    crop, masks, valid = _crop(logits, batch, side)
    loss = copy.deepcopy(recipe.loss).double().cpu()

    def value(moved: Tensor) -> Tensor:
        return cast(Tensor, loss(moved, masks, valid))

    crop = crop.clone().requires_grad_()
    try:
        analytic, numeric = _slopes(value, crop)
        agrees = torch.autograd.gradcheck(
            value, (crop,), eps=STEP, atol=ABSOLUTE, rtol=RELATIVE, raise_exception=False
        )
    except RuntimeError as error:
        finding = failure(f"the loss can't be differentiated: {error}", _ADVICE)
        return LossGradient(0.0, 0.0, crop.numel(), False, finding)
    return LossGradient(
        analytic, numeric, crop.numel(), agrees, _judged(analytic, numeric, crop.numel(), agrees)
    )


_ADVICE = (
    "the training would follow another function than the loss that it reports; correct the loss's "
    "backward pass, or what it rounds or detaches"
)


def _crop(logits: Tensor, batch: Batch, side: int) -> tuple[Tensor, Tensor, Tensor]:
    """Logits and masks (1, K, s, s) and valid (1, s, s) of the crop that holds most classes."""
    masks, valid = batch.masks.cpu(), batch.valid.cpu()
    held = nn.functional.max_pool2d(masks.float() * valid[:, None], side, ceil_mode=True)
    count = (held >= 0.5).sum(dim=1) + 0.5 * nn.functional.avg_pool2d(
        valid.float()[:, None], side, ceil_mode=True
    ).squeeze(1)
    patch, row, col = torch.unravel_index(count.argmax(), count.shape)
    rows, cols = (slice(int(n) * side, (int(n) + 1) * side) for n in (row, col))
    chosen = slice(int(patch), int(patch) + 1)
    return logits[chosen, :, rows, cols], masks[chosen, :, rows, cols], valid[chosen, rows, cols]


def _slopes(function: Callable[[Tensor], Tensor], crop: Tensor) -> tuple[float, float]:
    """Slope along a fixed random direction: from the gradient, and from two values."""
    direction = torch.randn(
        crop.shape, dtype=crop.dtype, generator=torch.Generator().manual_seed(0)
    )
    (gradient,) = torch.autograd.grad(function(crop), crop)
    with torch.no_grad():
        rise = function(crop + STEP * direction) - function(crop - STEP * direction)
    return float((gradient * direction).sum()), float(rise / (2 * STEP))


def _judged(analytic: float, numeric: float, logits: int, agrees: bool) -> Finding:
    found = f"slope {analytic:.6g} by gradient, {numeric:.6g} by difference, {logits} logits"
    return ok(found) if agrees else failure(found, _ADVICE)
