"""The loss: values by hand, numerical gradients, absent classes both ways, equality with smp."""

from __future__ import annotations

import math
from typing import Any, Literal

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from pipeline.config.loss import Loss
from pipeline.errors import ConfigError
from pipeline.learning.losses import SegmentationLoss, build_loss


def _logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


def _batch() -> tuple[Tensor, Tensor, Tensor]:
    """One class; p = .8, .5, .2, .9; t = 1, 0, 1, 1; the last pixel is invalid."""
    logits = torch.tensor([[[[_logit(0.8), _logit(0.5)], [_logit(0.2), _logit(0.9)]]]])
    masks = torch.tensor([[[[1, 0], [1, 1]]]]).bool()
    valid = torch.tensor([[[True, True], [True, False]]])
    return logits, masks, valid


# I = .8 + .2 = 1; U = (.8 + .5 + .2) + 2 - 1 = 2.5
@pytest.mark.parametrize(
    ("cross_entropy", "smoothing", "log", "expected"),
    [
        (0.0, 0.0, False, 1 - 1 / 2.5),
        (0.0, 0.5, False, 1 - 1.5 / 3.0),
        (0.0, 0.0, True, -math.log(1 / 2.5)),
        (1.0, 0.0, False, -(math.log(0.8) + math.log(0.5) + math.log(0.2)) / 3),
        (
            0.25,
            0.0,
            False,
            0.75 * 0.6 - 0.25 * (math.log(0.8) + math.log(0.5) + math.log(0.2)) / 3,
        ),
    ],
)
def test_values_by_hand(cross_entropy: float, smoothing: float, log: bool, expected: float) -> None:
    loss = SegmentationLoss(cross_entropy, [smoothing], [1.0], log)
    assert loss(*_batch()).item() == pytest.approx(expected, rel=1e-6)


def test_weights_are_scaled_to_one_and_belong_to_their_class() -> None:
    logits, masks, valid = _batch()
    two = torch.cat([logits, -logits], 1)
    both = torch.cat([masks, masks], 1)
    first = SegmentationLoss(0.0, [0.0], [1.0])(logits, masks, valid)
    second = SegmentationLoss(0.0, [0.0], [1.0])(-logits, masks, valid)
    mixed = SegmentationLoss(0.0, [0.0, 0.0], [3.0, 1.0])(two, both, valid)
    assert mixed.item() == pytest.approx((0.75 * first + 0.25 * second).item(), rel=1e-6)


def test_jaccard_is_pooled_over_the_batch_not_averaged() -> None:
    logits = torch.tensor([[[[30.0, 30.0]]], [[[30.0, -30.0]]]])
    masks = torch.tensor([[[[True, True]]], [[[False, False]]]])
    valid = torch.ones(2, 1, 2, dtype=torch.bool)
    # Pooled: I = 2, U = 3; a mean over the two images would give 1 - (1 + 0) / 2.
    loss = SegmentationLoss(0.0, [0.0], [1.0])(logits, masks, valid)
    assert loss.item() == pytest.approx(1 / 3, rel=1e-6)


def test_absent_class_ignored_or_punished() -> None:
    logits = torch.zeros(1, 1, 2, 2, requires_grad=True)
    masks = torch.zeros(1, 1, 2, 2, dtype=torch.bool)
    valid = torch.ones(1, 2, 2, dtype=torch.bool)
    ignored = SegmentationLoss(0.0, [1.0], [1.0], absent="ignore")(logits, masks, valid)
    ignored.backward()
    assert ignored.item() == 0
    assert logits.grad is not None
    assert torch.count_nonzero(logits.grad) == 0
    # p = .5 at four pixels: J = 1 / (2 + 1).
    punished = SegmentationLoss(0.0, [1.0], [1.0], absent="punish")(logits, masks, valid)
    punished.backward()
    assert punished.item() == pytest.approx(2 / 3)
    assert (logits.grad > 0).all()


def test_class_whose_pixels_are_all_invalid_is_absent() -> None:
    logits, masks, _ = _batch()
    loss = SegmentationLoss(0.5, [1.0], [1.0])
    assert loss(logits, masks, torch.zeros(1, 2, 2, dtype=torch.bool)).item() == 0


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("absent", ["ignore", "punish"])
def test_gradient_is_the_numerical_one(log: bool, absent: Literal["ignore", "punish"]) -> None:
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(2, 3, 3, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    masks = torch.rand(2, 3, 3, 4, generator=generator) < 0.4
    masks[:, 2] = False
    valid = torch.rand(2, 3, 4, generator=generator) < 0.8
    loss = SegmentationLoss(0.3, [0.0, 1.0, 2.0], [1.0, 2.0, 0.5], log, absent)
    assert torch.autograd.gradcheck(lambda x: loss(x, masks, valid), (logits,))


def test_invalid_pixels_have_no_gradient() -> None:
    logits, masks, valid = _batch()
    logits.requires_grad_()
    SegmentationLoss(0.5, [1.0], [1.0])(logits, masks, valid).backward()
    assert logits.grad is not None
    assert logits.grad[0, 0, 1, 1] == 0
    assert torch.count_nonzero(logits.grad) == 3


@pytest.mark.parametrize("smoothing", [0.0, 1.0, 50.0])
def test_equals_the_library_where_settings_agree(smoothing: float) -> None:
    from segmentation_models_pytorch.losses import JaccardLoss

    generator = torch.Generator().manual_seed(5)
    logits = torch.randn(3, 4, 8, 8, generator=generator)
    masks = torch.rand(3, 4, 8, 8, generator=generator) < 0.3
    masks[:, 1] = False  # absent: the library zeroes it and still divides by four classes
    theirs = JaccardLoss("multilabel", smooth=smoothing)(logits, masks.float())
    ours = SegmentationLoss(0.0, [smoothing] * 4, [1.0] * 4, absent="ignore")
    value = ours(logits, masks, torch.ones(3, 8, 8, dtype=torch.bool))
    assert value.item() == pytest.approx(theirs.item(), rel=1e-6)


def test_half_precision_logits_over_many_pixels_stay_finite() -> None:
    logits = torch.full((1, 1, 600, 600), 11.0, dtype=torch.float16)
    masks = torch.ones(1, 1, 600, 600, dtype=torch.bool)
    loss = SegmentationLoss(0.5, [1.0], [1.0])(logits, masks, torch.ones(1, 600, 600).bool())
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(0.0, abs=1e-4)


def test_log_form_is_finite_without_any_overlap() -> None:
    logits = torch.full((1, 1, 1, 2), -200.0)
    masks = torch.tensor([[[[True, False]]]])
    loss = SegmentationLoss(0.0, [0.0], [1.0], log_jaccard=True)
    assert torch.isfinite(loss(logits, masks, torch.ones(1, 1, 2).bool()))


def test_settings_by_class_code() -> None:
    settings = Loss(smoothing={5: 9.0}, class_weights={7: 3.0}, absent="punish")
    loss = build_loss(settings, (5, 7))
    assert loss.smoothing.tolist() == [9.0, 1.0]
    assert loss.weights.tolist() == [0.25, 0.75]
    assert loss.absent == "punish"


def test_weights_that_teach_nothing_are_an_error() -> None:
    with pytest.raises(ConfigError, match=r"class_weights: every class has weight 0"):
        build_loss(Loss(class_weights={5: 0.0, 7: 0.0}), (5, 7))
    assert build_loss(Loss(class_weights={5: 0.0}), (5, 7)).weights.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("wrong", [{"smoothing": -1.0}, {"class_weights": {5: -1.0}}])
def test_negative_numbers_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        Loss(**wrong)
