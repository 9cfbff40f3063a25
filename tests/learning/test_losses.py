"""The loss: values by hand, absent classes both ways, equality with smp, every option at work."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from pipeline.config.loss import Loss
from pipeline.errors import ConfigError
from pipeline.learning.losses import MixedLoss, build_loss

TERMS = ("cross_entropy", "focal", "jaccard", "log_jaccard", "dice", "tversky")
REGIONS = TERMS[2:]


def _loss(classes: int = 1, **values: Any) -> MixedLoss:
    """A loss of classes 0, 1, ... from keys as the configuration has them; no smoothing."""
    return build_loss(Loss.model_validate({"smoothing": 0, **values}), range(classes))


def _one(term: str, classes: int = 1, **values: Any) -> MixedLoss:
    """A loss of one term."""
    return _loss(classes, terms={term: 1}, **{"alpha": 0.3, "beta": 0.7, **values})


def _logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


def _batch() -> tuple[Tensor, Tensor, Tensor]:
    """One class; p = .8, .5, .2, .9; t = 1, 0, 1, 1; the last pixel is invalid."""
    logits = torch.tensor([[[[_logit(0.8), _logit(0.5)], [_logit(0.2), _logit(0.9)]]]])
    masks = torch.tensor([[[[1, 0], [1, 1]]]]).bool()
    valid = torch.tensor([[[True, True], [True, False]]])
    return logits, masks, valid


def _random(classes: int = 3, seed: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    """Batch of two patches of 6 x 5 pixels, soft truths of which many are 0 or 1."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, classes, 6, 5, generator=generator, dtype=torch.float64)
    masks = (torch.rand(2, classes, 6, 5, generator=generator) * 2 - 0.5).clamp(0, 1)
    return logits, masks, torch.rand(2, 6, 5, generator=generator) < 0.8


def _softened(known: Tensor) -> Tensor:
    """Half of every truth."""
    return 0.5 * known.float()


CROSS_ENTROPY = -(math.log(0.8) + math.log(0.5) + math.log(0.2)) / 3
FOCAL = -(0.04 * math.log(0.8) + 0.25 * math.log(0.5) + 0.64 * math.log(0.2)) / 3


# I = .8 + .2 = 1; |p| = 1.5, |t| = 2, U = 2.5; FP = .5, FN = 1.
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"terms": {"jaccard": 1}}, 1 - 1 / 2.5),
        ({"terms": {"jaccard": 1}, "smoothing": 0.5}, 1 - 1.5 / 3.0),
        ({"terms": {"log_jaccard": 1}}, -math.log(1 / 2.5)),
        ({"terms": {"log_jaccard": 1}, "smoothing": 0.5}, -math.log(1.5 / 3.0)),
        ({"terms": {"dice": 1}}, 1 - 2 / 3.5),
        ({"terms": {"dice": 1}, "smoothing": 0.5}, 1 - 3 / 4.5),
        ({"terms": {"tversky": 1}, "alpha": 0.2, "beta": 0.4}, 1 - 1 / 1.5),
        ({"terms": {"tversky": 1}, "alpha": 0.4, "beta": 0.2}, 1 - 1 / 1.4),
        ({"terms": {"cross_entropy": 1}}, CROSS_ENTROPY),
        ({"terms": {"focal": 1}}, FOCAL),
        ({"terms": {"focal": 1}, "gamma": 0}, CROSS_ENTROPY),
        (
            {"terms": {"focal": 1}, "gamma": 1},
            -(0.2 * math.log(0.8) + 0.5 * math.log(0.5) + 0.8 * math.log(0.2)) / 3,
        ),
        (
            {"terms": {"cross_entropy": 1}, "positive_weights": {0: 3}},
            -(3 * math.log(0.8) + math.log(0.5) + 3 * math.log(0.2)) / 3,
        ),
        ({"terms": {"cross_entropy": 0.25, "jaccard": 0.75}}, 0.75 * 0.6 + 0.25 * CROSS_ENTROPY),
        ({"terms": {"cross_entropy": 1, "jaccard": 3}}, 0.75 * 0.6 + 0.25 * CROSS_ENTROPY),
        ({"terms": {"focal": 2, "dice": 2}}, 0.5 * FOCAL + 0.5 * (1 - 2 / 3.5)),
    ],
)
def test_values_by_hand(values: dict[str, Any], expected: float) -> None:
    assert _loss(**values)(*_batch()).item() == pytest.approx(expected, rel=1e-6)


# t = .5, 0, .5 at the valid pixels: I = .5 + .2 = .7; |p| = 1.5, |t| = 1, U = 1.8.
@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("jaccard", 1 - 0.7 / 1.8),
        ("log_jaccard", -math.log(0.7 / 1.8)),
        ("dice", 1 - 1.4 / 2.5),
        ("tversky", 1 - 0.7 / (0.7 + 0.3 * 0.8 + 0.7 * 0.3)),
        ("cross_entropy", -(math.log(0.16) + math.log(0.5)) / 3),
        (
            "focal",
            -(0.09 * math.log(0.16) / 2 + 0.25 * math.log(0.5) + 0.09 * math.log(0.16) / 2) / 3,
        ),
    ],
)
def test_values_by_hand_of_soft_truths(term: str, expected: float) -> None:
    logits, masks, valid = _batch()
    assert _one(term)(logits, _softened(masks), valid).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.uint8])
def test_hard_truths_of_any_type_are_the_same(term: str, dtype: torch.dtype) -> None:
    logits, masks, valid = _batch()
    loss = _one(term)
    assert torch.equal(loss(logits, masks.to(dtype), valid), loss(logits, masks, valid))


def test_default_is_half_cross_entropy_half_jaccard() -> None:
    expected = 0.5 * CROSS_ENTROPY + 0.5 * (1 - 2 / 3.5)
    assert build_loss(Loss(), (4,))(*_batch()).item() == pytest.approx(expected, rel=1e-6)


def test_weights_are_scaled_to_one_and_belong_to_their_class() -> None:
    logits, masks, valid = _batch()
    two, both = torch.cat([logits, -logits], 1), torch.cat([masks, masks], 1)
    first, second = (_one("jaccard")(sign * logits, masks, valid) for sign in (1, -1))
    mixed = _one("jaccard", 2, class_weights={0: 3})(two, both, valid)
    assert mixed.item() == pytest.approx((0.75 * first + 0.25 * second).item(), rel=1e-6)


@pytest.mark.parametrize("term", ["cross_entropy", "focal"])
def test_positive_weights_belong_to_their_class(term: str) -> None:
    logits, masks, valid = _batch()
    two, both = torch.cat([logits, logits], 1), torch.cat([masks, masks], 1)
    plain, heavy = (_one(term, positive_weights={0: w})(*_batch()) for w in (1, 3))
    mixed = _one(term, 2, positive_weights={1: 3})(two, both, valid)
    assert heavy > plain
    assert mixed.item() == pytest.approx((plain + heavy).item() / 2, rel=1e-6)


def test_smoothing_belongs_to_its_class() -> None:
    loss = build_loss(Loss(smoothing={5: 9.0}, class_weights={7: 3.0}), (5, 7))
    assert loss.smoothing.tolist() == [9.0, 1.0]
    assert loss.weights.tolist() == [0.25, 0.75]


@pytest.mark.parametrize("term", REGIONS)
def test_regions_are_pooled_over_the_batch_not_averaged(term: str) -> None:
    logits, masks, valid = _random()
    one = torch.cat([logits[:1], logits[1:]], dim=2)
    pooled = _one(term, 3)(
        one, torch.cat([masks[:1], masks[1:]], 2), torch.cat([valid[:1], valid[1:]], 1)
    )
    assert _one(term, 3)(logits, masks, valid).item() == pytest.approx(pooled.item(), rel=1e-9)


@pytest.mark.parametrize("term", REGIONS)
def test_absent_class_ignored_or_punished(term: str) -> None:
    logits = torch.zeros(1, 1, 2, 2, requires_grad=True)
    masks = torch.zeros(1, 1, 2, 2, dtype=torch.bool)
    valid = torch.ones(1, 2, 2, dtype=torch.bool)
    ignored = _one(term, smoothing=1, absent="ignore")(logits, masks, valid)
    ignored.backward()
    assert ignored.item() == 0
    assert logits.grad is not None
    assert torch.count_nonzero(logits.grad) == 0
    # p = .5 at four pixels, s = 1: J = 1 / 3, D = 2 / 4, T = 1 / 1.6.
    values = {"jaccard": 2 / 3, "log_jaccard": math.log(3), "dice": 0.5, "tversky": 0.6 / 1.6}
    punished = _one(term, smoothing=1, absent="punish")(logits, masks, valid)
    punished.backward()
    assert punished.item() == pytest.approx(values[term])
    assert (logits.grad > 0).all()


def test_absent_per_class() -> None:
    logits, valid = torch.zeros(1, 3, 2, 2), torch.ones(1, 2, 2, dtype=torch.bool)
    masks = torch.zeros(1, 3, 2, 2, dtype=torch.bool)
    loss = _one("jaccard", 3, smoothing=1, absent={1: "punish", 2: "ignore"})
    assert loss(logits, masks, valid).item() == pytest.approx(2 / 3 / 3)
    assert loss.punished.tolist() == [False, True, False]


def test_any_share_of_a_pixel_makes_a_class_present() -> None:
    logits, valid = torch.zeros(1, 1, 1, 2), torch.ones(1, 1, 2, dtype=torch.bool)
    masks = torch.tensor([[[[1 / 255, 0]]]])
    # p = .5 at two pixels: I = 1 / 255, U = 1.
    assert _one("jaccard")(logits, masks, valid).item() == pytest.approx(1 - 1 / 255)


def test_class_whose_pixels_are_all_invalid_is_absent() -> None:
    logits, masks, _ = _batch()
    assert _loss(smoothing=1)(logits, masks, torch.zeros(1, 2, 2, dtype=torch.bool)).item() == 0


def _library(name: str, smoothing: float) -> Any:
    from segmentation_models_pytorch import losses

    if name == "tversky":
        return losses.TverskyLoss("multilabel", smooth=smoothing, alpha=0.3, beta=0.7)
    kind = losses.DiceLoss if name == "dice" else losses.JaccardLoss
    return kind("multilabel", smooth=smoothing, log_loss=name == "log_jaccard")


@pytest.mark.parametrize("smoothing", [0.0, 1.0, 50.0])
@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("term", REGIONS)
def test_region_terms_equal_the_librarys(term: str, soft: bool, smoothing: float) -> None:
    logits, masks, _ = _random(4)
    masks[:, 1] = 0  # absent: the library zeroes it and still divides by four classes
    truth = masks if soft else masks.round()
    theirs = _library(term, smoothing)(logits.float(), truth)
    ours = _one(term, 4, smoothing=smoothing)(logits, truth, torch.ones(2, 6, 5).bool())
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)


@pytest.mark.parametrize("gamma", [0.0, 1.0, 2.5])
def test_focal_term_equals_the_librarys(gamma: float) -> None:
    from segmentation_models_pytorch.losses import FocalLoss

    logits, masks, _ = _random(4)
    truth, valid = masks.round(), torch.ones(2, 6, 5).bool()
    plain = FocalLoss("multilabel", gamma=gamma)(logits, truth)
    assert _one("focal", 4, gamma=gamma)(logits, truth, valid).item() == pytest.approx(plain.item())
    # Its alpha .8 weighs positives by .8 and negatives by .2; ours 4 and 1.
    balanced = FocalLoss("multilabel", gamma=gamma, alpha=0.8)(logits, truth)
    weights = dict.fromkeys(range(4), 4)
    ours = _one("focal", 4, gamma=gamma, positive_weights=weights)(logits, truth, valid)
    assert ours.item() == pytest.approx(5 * balanced.item())


@settings(max_examples=40, deadline=None)
@given(
    term=st.sampled_from(TERMS),
    soft=st.booleans(),
    smoothing=st.sampled_from([0.0, 1.0, 20.0]),
    width=st.sampled_from([None, 1, 2]),
    seed=st.integers(0, 10_000),
)
def test_invalid_pixels_change_nothing_and_get_no_gradient(
    term: str, soft: bool, smoothing: float, width: int | None, seed: int
) -> None:
    logits, masks, valid = _random(seed=seed)
    masks = masks if soft else masks > 0.5
    pixel = term in ("cross_entropy", "focal")
    boundary = {"width": width, "weight": 3} if width and pixel else None
    loss = _one(term, 3, smoothing=smoothing, boundary=boundary)
    logits.requires_grad_()
    value = loss(logits, masks, valid)
    value.backward()
    assert logits.grad is not None
    hidden = ~valid[:, None].expand_as(logits)
    assert torch.count_nonzero(logits.grad[hidden]) == 0
    other = torch.where(hidden, -logits.detach(), logits.detach())
    changed = torch.where(hidden, 1 - masks.float(), masks.float())
    assert loss(other, changed, valid).item() == pytest.approx(value.item(), rel=1e-12)


def test_boundary_weighs_the_pixel_terms() -> None:
    logits = torch.zeros(1, 1, 1, 8)
    masks = torch.tensor([[[[1, 1, 1, 1, 0, 0, 0, 0]]]]).bool()
    valid = torch.ones(1, 1, 8, dtype=torch.bool)
    # Each pixel costs log 2; two of the eight lie at the outline, or four.
    for width, mean in ((1, (6 + 2 * 5) / 8), (2, (4 + 4 * 5) / 8)):
        near = {"width": width, "weight": 5}
        entropy = _one("cross_entropy", boundary=near)(logits, masks, valid)
        assert entropy.item() == pytest.approx(mean * math.log(2), rel=1e-6)
        focal = _one("focal", boundary=near)(logits, masks, valid)
        assert focal.item() == pytest.approx(mean * math.log(2) / 4, rel=1e-6)
    plain, heavy = (
        _loss(terms={"cross_entropy": 1, "jaccard": 1}, boundary=boundary)(logits, masks, valid)
        for boundary in (None, {"width": 1, "weight": 5})
    )
    assert (heavy - plain).item() == pytest.approx(math.log(2) / 2, rel=1e-5)


def test_boundary_is_not_looked_for_when_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("pipeline.learning.losses.boundary_weights")
    assert torch.isfinite(_loss()(*_batch()))
    with pytest.raises(NameError):
        _loss(boundary={"width": 1, "weight": 2})(*_batch())


def test_half_precision_logits_over_many_pixels_stay_finite() -> None:
    logits = torch.full((1, 1, 600, 600), 11.0, dtype=torch.float16)
    masks = torch.ones(1, 1, 600, 600, dtype=torch.bool)
    loss = _loss(smoothing=1)(logits, masks, torch.ones(1, 600, 600).bool())
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("gamma", [0.0, 0.3, 2.0])
@pytest.mark.parametrize("term", TERMS)
def test_value_and_gradient_of_extreme_logits_are_finite(
    term: str, gamma: float, soft: bool
) -> None:
    logits = torch.tensor([[[[-200.0, 200.0, -200.0, 200.0]]]], requires_grad=True)
    masks = torch.tensor([[[[1, 0, 0, 1]]]]).bool()
    truth = _softened(masks) if soft else masks
    value = _one(term, gamma=gamma)(logits, truth, torch.ones(1, 1, 4).bool())
    value.backward()
    assert torch.isfinite(value)
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_numbers_move_with_the_module() -> None:
    loss = _loss(2, positive_weights={0: 2}, absent={1: "punish"}).to("meta")
    assert {buffer.device.type for buffer in loss.buffers()} == {"meta"}


def test_weights_that_teach_nothing_are_an_error() -> None:
    with pytest.raises(ConfigError, match=r"class_weights: every class has weight 0"):
        build_loss(Loss(class_weights={5: 0.0, 7: 0.0}), (5, 7))
    assert build_loss(Loss(class_weights={5: 0.0}), (5, 7)).weights.tolist() == [0.0, 1.0]
