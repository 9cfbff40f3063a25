"""The loss: classes, absent ones, invalid pixels, outlines, every option at work."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.loss import Loss
from pipeline.errors import ConfigError
from pipeline.learning.losses import build_loss
from tests.learning.loss_cases import (
    REGIONS,
    TERMS,
    by_hand,
    loss_of,
    one_term,
    random_batch,
)


def test_default_is_half_cross_entropy_half_jaccard() -> None:
    entropy = -(math.log(0.8) + math.log(0.5) + math.log(0.2)) / 3
    expected = 0.5 * entropy + 0.5 * (1 - 2 / 3.5)
    assert build_loss(Loss(), (4,))(*by_hand()).item() == pytest.approx(expected, rel=1e-6)


def test_weights_are_scaled_to_one_and_belong_to_their_class() -> None:
    logits, masks, valid = by_hand()
    two, both = torch.cat([logits, -logits], 1), torch.cat([masks, masks], 1)
    first, second = (one_term("jaccard")(sign * logits, masks, valid) for sign in (1, -1))
    mixed = one_term("jaccard", 2, class_weights={0: 3})(two, both, valid)
    assert mixed.item() == pytest.approx((0.75 * first + 0.25 * second).item(), rel=1e-6)


@pytest.mark.parametrize("term", ["cross_entropy", "focal"])
def test_positive_weights_belong_to_their_class(term: str) -> None:
    logits, masks, valid = by_hand()
    two, both = torch.cat([logits, logits], 1), torch.cat([masks, masks], 1)
    plain, heavy = (one_term(term, positive_weights={0: w})(*by_hand()) for w in (1, 3))
    mixed = one_term(term, 2, positive_weights={1: 3})(two, both, valid)
    assert heavy > plain
    assert mixed.item() == pytest.approx((plain + heavy).item() / 2, rel=1e-6)


def test_smoothing_belongs_to_its_class() -> None:
    loss = build_loss(Loss(smoothing={5: 9.0}, class_weights={7: 3.0}), (5, 7))
    assert loss.smoothing.tolist() == [9.0, 1.0]
    assert loss.weights.tolist() == [0.25, 0.75]


@pytest.mark.parametrize("term", REGIONS)
def test_absent_class_ignored_or_punished(term: str) -> None:
    logits = torch.zeros(1, 1, 2, 2, requires_grad=True)
    masks = torch.zeros(1, 1, 2, 2, dtype=torch.bool)
    valid = torch.ones(1, 2, 2, dtype=torch.bool)
    ignored = one_term(term, smoothing=1, absent="ignore")(logits, masks, valid)
    ignored.backward()
    assert ignored.item() == 0
    assert logits.grad is not None
    assert torch.count_nonzero(logits.grad) == 0
    # p = .5 at four pixels, s = 1: J = 1 / 3, D = 2 / 4, T = 1 / 1.6.
    values = {"jaccard": 2 / 3, "log_jaccard": math.log(3), "dice": 0.5, "tversky": 0.6 / 1.6}
    punished = one_term(term, smoothing=1, absent="punish")(logits, masks, valid)
    punished.backward()
    assert punished.item() == pytest.approx(values[term])
    assert (logits.grad > 0).all()


def test_absent_per_class() -> None:
    logits, valid = torch.zeros(1, 3, 2, 2), torch.ones(1, 2, 2, dtype=torch.bool)
    masks = torch.zeros(1, 3, 2, 2, dtype=torch.bool)
    loss = one_term("jaccard", 3, smoothing=1, absent={1: "punish", 2: "ignore"})
    assert loss(logits, masks, valid).item() == pytest.approx(2 / 3 / 3)
    assert loss.punished.tolist() == [False, True, False]


def test_any_share_of_a_pixel_makes_a_class_present() -> None:
    logits, valid = torch.zeros(1, 1, 1, 2), torch.ones(1, 1, 2, dtype=torch.bool)
    masks = torch.tensor([[[[1 / 255, 0]]]])
    # p = .5 at two pixels: I = 1 / 255, U = 1.
    assert one_term("jaccard")(logits, masks, valid).item() == pytest.approx(1 - 1 / 255)


def test_class_whose_pixels_are_all_invalid_is_absent() -> None:
    logits, masks, _ = by_hand()
    assert loss_of(smoothing=1)(logits, masks, torch.zeros(1, 2, 2, dtype=torch.bool)).item() == 0


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
    logits, masks, valid = random_batch(seed=seed)
    masks = masks if soft else masks > 0.5
    pixel = term in ("cross_entropy", "focal")
    boundary = {"width": width, "weight": 3} if width and pixel else None
    loss = one_term(term, 3, smoothing=smoothing, boundary=boundary)
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
        entropy = one_term("cross_entropy", boundary=near)(logits, masks, valid)
        assert entropy.item() == pytest.approx(mean * math.log(2), rel=1e-6)
        focal = one_term("focal", boundary=near)(logits, masks, valid)
        assert focal.item() == pytest.approx(mean * math.log(2) / 4, rel=1e-6)
    plain, heavy = (
        loss_of(terms={"cross_entropy": 1, "jaccard": 1}, boundary=boundary)(logits, masks, valid)
        for boundary in (None, {"width": 1, "weight": 5})
    )
    assert (heavy - plain).item() == pytest.approx(math.log(2) / 2, rel=1e-5)


def test_boundary_is_not_looked_for_when_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("pipeline.learning.losses.boundary_weights")
    assert torch.isfinite(loss_of()(*by_hand()))
    with pytest.raises(NameError):
        loss_of(boundary={"width": 1, "weight": 2})(*by_hand())


def test_half_precision_logits_over_many_pixels_stay_finite() -> None:
    logits = torch.full((1, 1, 600, 600), 11.0, dtype=torch.float16)
    masks = torch.ones(1, 1, 600, 600, dtype=torch.bool)
    loss = loss_of(smoothing=1)(logits, masks, torch.ones(1, 600, 600).bool())
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(0.0, abs=1e-4)


def test_numbers_move_with_the_module() -> None:
    loss = loss_of(2, positive_weights={0: 2}, absent={1: "punish"}).to("meta")
    assert {buffer.device.type for buffer in loss.buffers()} == {"meta"}


def test_weights_that_teach_nothing_are_an_error() -> None:
    with pytest.raises(ConfigError, match=r"class_weights: every class has weight 0"):
        build_loss(Loss(class_weights={5: 0.0, 7: 0.0}), (5, 7))
    assert build_loss(Loss(class_weights={5: 0.0}), (5, 7)).weights.tolist() == [0.0, 1.0]
