"""The gradient of the configured loss against its slope."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pipeline.config.loss import Loss, Terms
from pipeline.learning.losses import build_loss
from pipeline.learning.probes.loss_gradient import check_loss_gradient
from tests.learning.probes.tiny import batch, network, recipe

TERMS = (
    Terms(cross_entropy=0.5, jaccard=0.5),
    Terms(cross_entropy=0, jaccard=0, log_jaccard=1),
    Terms(cross_entropy=0, jaccard=0, focal=0.5, dice=0.5),
)


@pytest.mark.parametrize("terms", TERMS)
@pytest.mark.parametrize("soft", [False, True])
def test_our_losses_pass(terms: Terms, soft: bool) -> None:
    loss = build_loss(Loss(terms=terms), (3, 7))
    result = check_loss_gradient(network(), recipe(loss), batch(soft=soft), side=4)
    assert result.agrees
    assert result.finding.level == "ok"
    assert result.analytic == pytest.approx(result.numeric, rel=1e-5)
    assert abs(result.numeric) > 1e-4
    assert result.logits == 2 * 4 * 4


class _Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        return 2 * grads[0]


class _WrongGradient(nn.Module):
    """The value of the real loss, with a gradient that is twice its slope."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = build_loss(Loss(), (3, 7))

    def forward(self, logits: Tensor, masks: Tensor, valid: Tensor) -> Tensor:
        result: Tensor = self.inner(_Doubled.apply(logits), masks, valid)
        return result


class _Detached(_WrongGradient):
    """The gradient of a part is lost."""

    def forward(self, logits: Tensor, masks: Tensor, valid: Tensor) -> Tensor:
        lost: Tensor = self.inner(logits.detach(), masks, valid)
        kept: Tensor = self.inner(logits, masks, valid)
        return lost + 0.1 * kept


class _NoGradient(_WrongGradient):
    def forward(self, logits: Tensor, masks: Tensor, valid: Tensor) -> Tensor:
        result: Tensor = self.inner(logits.detach(), masks, valid)
        return result


@pytest.mark.parametrize("kind", [_WrongGradient, _Detached, _NoGradient])
def test_wrong_gradients_fail(kind: type[nn.Module]) -> None:
    result = check_loss_gradient(network(), recipe(kind()), batch(), side=4)
    assert not result.agrees
    assert result.finding.level == "failure"
    assert "backward pass" in result.finding.advice


def test_crop_holds_classes_where_these_are_rare() -> None:
    made = batch()
    made.masks.zero_()
    made.masks[2, 1, 9, 9] = True
    loss = build_loss(Loss(terms=Terms(cross_entropy=0, jaccard=1)), (3, 7))  # of present classes
    result = check_loss_gradient(network(), recipe(loss), made, side=4)
    assert result.agrees
    assert result.analytic != 0
