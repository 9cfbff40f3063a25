"""One batch by heart: learned by what can learn, and not by what can't."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from pipeline.config.loss import Loss
from pipeline.learning.losses import build_loss
from pipeline.learning.probes.overfit import check_overfit, fewer, learnable
from tests.learning.probes.tiny import batch, network, recipe, unchanged


@pytest.mark.parametrize("soft", [False, True])
def test_easy_batch_is_learned(soft: bool) -> None:
    made = network()
    before = {name: value.clone() for name, value in made.state_dict().items()}
    result = check_overfit(made, recipe(rate=0.03), batch(soft=soft), steps=150)
    assert result.finding.level == "ok"
    assert result.best == result.jaccard[-1] >= 0.95
    assert result.steps[0] == 0
    assert len(result.losses) == result.steps[-1] + 1 < 150
    assert unchanged(made, before)


def test_masks_of_other_patches_fail() -> None:
    """Each pixel's label is drawn anew: two 3 x 3 convolutions can't learn that by heart."""
    made = batch()
    random = torch.Generator().manual_seed(1)
    order = torch.randperm(made.masks[0, 0].numel() * 4, generator=random)
    flat = made.masks.transpose(0, 1).flatten(1)[:, order]
    shuffled = flat.view(2, 4, 16, 16).transpose(0, 1)
    result = check_overfit(network(), recipe(), replace(made, masks=shuffled), steps=60)
    assert result.finding.level == "failure"
    assert f"{result.best:.3f}" in result.finding.found
    assert "masks lie on their objects" in result.finding.advice
    assert result.best < 0.8


def test_end_of_time_is_said() -> None:
    result = check_overfit(network(), recipe(), batch(), seconds=0)
    assert len(result.losses) == 1
    assert result.finding.level == "warning"
    assert "--seconds" in result.finding.advice


def test_divergence_is_said() -> None:
    made = recipe(rate=10.0, optimizer="sgd", clip=None)
    result = check_overfit(_Squares(), made, batch())
    assert result.finding.level == "failure"
    assert "train.rate" in result.finding.advice


class _Squares(nn.Module):
    """Logits grow with the fourth power of the weight, so that a step too far ends in infinity."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((2, 1, 1), 3.0))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs[:, :2] * self.weight**8


def test_only_classes_that_are_there_and_count_are_asked_for() -> None:
    made = batch()
    weightless = build_loss(Loss(class_weights={3: 0.0}), (3, 7))
    assert learnable(weightless, made).tolist() == [False, True]
    made.masks[:, 1] = False
    assert learnable(build_loss(Loss(), (3, 7)), made).tolist() == [True, False]
    result = check_overfit(network(), recipe(weightless), made)
    assert result.finding.level == "failure"
    assert "no class" in result.finding.found


def test_patches_with_most_classes_are_kept() -> None:
    made = batch()
    made.masks[0] = made.masks[2] = False
    kept = fewer(made, 2)
    assert torch.equal(kept.inputs, made.inputs[[1, 3]])
    assert torch.equal(kept.masks, made.masks[[1, 3]])
    assert len(fewer(made, 9).valid) == 4
