"""Terms of the loss: values by hand, numerical gradients, equality with smp, least values."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.learning.loss_cases import (
    REGIONS,
    TERMS,
    by_hand,
    loss_of,
    one_term,
    random_batch,
    softened,
)

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
    assert loss_of(**values)(*by_hand()).item() == pytest.approx(expected, rel=1e-6)


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
    logits, masks, valid = by_hand()
    assert one_term(term)(logits, softened(masks), valid).item() == pytest.approx(
        expected, rel=1e-6
    )


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.uint8])
def test_hard_truths_of_any_type_are_the_same(term: str, dtype: torch.dtype) -> None:
    logits, masks, valid = by_hand()
    loss = one_term(term)
    assert torch.equal(loss(logits, masks.to(dtype), valid), loss(logits, masks, valid))


@pytest.mark.parametrize("term", REGIONS)
def test_regions_are_pooled_over_the_batch_not_averaged(term: str) -> None:
    logits, masks, valid = random_batch()
    one = torch.cat([logits[:1], logits[1:]], dim=2)
    pooled = one_term(term, 3)(
        one, torch.cat([masks[:1], masks[1:]], 2), torch.cat([valid[:1], valid[1:]], 1)
    )
    assert one_term(term, 3)(logits, masks, valid).item() == pytest.approx(pooled.item(), rel=1e-9)


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
    logits, masks, _ = random_batch(4)
    masks[:, 1] = 0  # absent: the library zeroes it and still divides by four classes
    truth = masks if soft else masks.round()
    theirs = _library(term, smoothing)(logits.float(), truth)
    ours = one_term(term, 4, smoothing=smoothing)(logits, truth, torch.ones(2, 6, 5).bool())
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)


@pytest.mark.parametrize("gamma", [0.0, 1.0, 2.5])
def test_focal_term_equals_the_librarys(gamma: float) -> None:
    from segmentation_models_pytorch.losses import FocalLoss

    logits, masks, _ = random_batch(4)
    truth, valid = masks.round(), torch.ones(2, 6, 5).bool()
    plain = FocalLoss("multilabel", gamma=gamma)(logits, truth)
    assert one_term("focal", 4, gamma=gamma)(logits, truth, valid).item() == pytest.approx(
        plain.item()
    )
    # Its alpha .8 weighs positives by .8 and negatives by .2; ours 4 and 1.
    balanced = FocalLoss("multilabel", gamma=gamma, alpha=0.8)(logits, truth)
    weights = dict.fromkeys(range(4), 4)
    ours = one_term("focal", 4, gamma=gamma, positive_weights=weights)(logits, truth, valid)
    assert ours.item() == pytest.approx(5 * balanced.item())


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("gamma", [0.0, 0.3, 2.0])
@pytest.mark.parametrize("term", TERMS)
def test_value_and_gradient_of_extreme_logits_are_finite(
    term: str, gamma: float, soft: bool
) -> None:
    logits = torch.tensor([[[[-200.0, 200.0, -200.0, 200.0]]]], requires_grad=True)
    masks = torch.tensor([[[[1, 0, 0, 1]]]]).bool()
    truth = softened(masks) if soft else masks
    value = one_term(term, gamma=gamma)(logits, truth, torch.ones(1, 1, 4).bool())
    value.backward()
    assert torch.isfinite(value)
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("term", REGIONS)
@pytest.mark.parametrize("logit", [-200.0, 200.0])
def test_value_without_any_overlap_or_any_truth_is_finite(term: str, logit: float) -> None:
    logits = torch.tensor([[[[-200.0, logit]]]], requires_grad=True)
    for masks in ([True, False], [False, False]):
        truth, valid = torch.tensor([[[masks]]]), torch.ones(1, 1, 2).bool()
        value = one_term(term, absent="punish")(logits, truth, valid)
        (gradient,) = torch.autograd.grad(value, logits)
        assert torch.isfinite(value)
        assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("gamma", [0.5, 2.0])
@pytest.mark.parametrize("term", TERMS)
def test_gradient_is_the_numerical_one(term: str, gamma: float, soft: bool) -> None:
    logits, masks, valid = random_batch()
    truth = masks if soft else masks > 0.5
    truth[:, 2] = 0
    values: dict[str, Any] = {"smoothing": {0: 0, 1: 2, 2: 1}, "absent": {2: "punish"}}
    if term not in REGIONS:
        near = {"width": 1, "weight": 4}
        values |= {"gamma": gamma, "positive_weights": {1: 3}, "boundary": near}
    loss = one_term(term, 3, **values)
    logits.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: loss(x, truth, valid), (logits,))
    assert torch.count_nonzero(torch.autograd.grad(loss(logits, truth, valid), logits)[0]) > 50


def test_gradient_of_a_mixture_is_the_numerical_one() -> None:
    logits, masks, valid = random_batch()
    loss = loss_of(3, terms=dict.fromkeys(TERMS, 1), alpha=0.3, beta=0.7, class_weights={1: 3})
    logits.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: loss(x, masks, valid), (logits,))


def _at_truth(masks: Tensor) -> Tensor:
    """Logits whose probabilities are the truth."""
    return torch.logit(masks.double(), eps=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    term=st.sampled_from(REGIONS),
    smoothing=st.sampled_from([0.0, 1.0, 20.0]),
    soft=st.booleans(),
    seed=st.integers(0, 10_000),
)
def test_region_terms_are_bounded_and_0_at_the_truth_alone(
    term: str, smoothing: float, soft: bool, seed: int
) -> None:
    logits, masks, valid = random_batch(seed=seed)
    truth = (masks if soft else masks.round()).double()
    loss = one_term(term, 3, smoothing=smoothing)
    assume((truth * valid[:, None]).sum(dim=(0, 2, 3)).min() > 0)
    assert loss(_at_truth(truth), truth, valid).item() == pytest.approx(0, abs=1e-6)
    value = loss(logits, truth, valid).item()
    assert value > 1e-4
    assert value <= 1 or term == "log_jaccard"


@settings(max_examples=40, deadline=None)
@given(term=st.sampled_from(TERMS), seed=st.integers(0, 10_000), gamma=st.sampled_from([1.0, 2.0]))
def test_no_step_away_from_a_soft_truth_is_better(term: str, seed: int, gamma: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    truth = torch.rand(1, 2, 3, 3, generator=generator).double() * 0.9 + 0.05
    valid, loss = torch.ones(1, 3, 3).bool(), one_term(term, 2, gamma=gamma)
    best = loss(_at_truth(truth), truth, valid)
    step = torch.randn(truth.shape, generator=generator).double()
    for size in (-1, -0.1, 0.1, 1):
        assert loss(_at_truth(truth) + size * step, truth, valid) > best


def test_a_product_would_drive_soft_truths_to_the_ends() -> None:
    """Why the overlap is the sum of minima: sum p t makes p = 1 better than p = t = 0.6."""
    truth, valid = torch.full((1, 1, 1, 4), 0.6), torch.ones(1, 1, 4).bool()
    at_truth = (4 * 0.36) / (2.4 + 2.4 - 4 * 0.36)
    at_one = 2.4 / (4 + 2.4 - 2.4)
    assert at_one > at_truth
    loss = one_term("jaccard")
    ones = torch.full((1, 1, 1, 4), 40.0)
    assert loss(ones, truth, valid).item() == pytest.approx(0.4)
    assert loss(_at_truth(truth), truth, valid).item() == pytest.approx(0, abs=1e-6)


def test_focal_term_cares_less_for_pixels_that_are_nearly_right() -> None:
    valid, truth = torch.ones(1, 1, 1).bool(), torch.ones(1, 1, 1, 1)
    right, wrong = (torch.full((1, 1, 1, 1), value) for value in (2.0, -2.0))
    shares = [
        (
            one_term("focal", gamma=g)(right, truth, valid)
            / one_term("focal", gamma=g)(wrong, truth, valid)
        )
        for g in (0.0, 1.0, 2.0)
    ]
    assert shares[0] > 5 * shares[1] > 25 * shares[2]


def test_tversky_weighs_each_kind_of_error() -> None:
    valid, truth = torch.ones(1, 1, 4).bool(), torch.tensor([[[[1.0, 1.0, 0.0, 0.0]]]])
    missed, invented = (
        torch.tensor([[[[40.0, -40.0, -40.0, -40.0]]]]),
        torch.tensor([[[[40.0, 40.0, 40.0, -40.0]]]]),
    )
    loss = one_term("tversky", alpha=0.25, beta=2)
    assert loss(missed, truth, valid).item() == pytest.approx(1 - 1 / 3)
    assert loss(invented, truth, valid).item() == pytest.approx(1 - 2 / 2.25)
