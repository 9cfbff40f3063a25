"""Batches as drawn: what is broken, not normalised or missing is named."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from pipeline.learning.probes.drawn import check_drawn
from pipeline.learning.probes.shares import class_shares, entropy, prior_logits
from tests.learning.probes.tiny import CHANNELS, CLASSES, batch


@pytest.mark.parametrize("soft", [False, True])
def test_good_batches_pass_with_their_shares(soft: bool) -> None:
    batches = [batch(0, soft=soft), batch(1, soft=soft)]
    drawn = check_drawn(batches, CHANNELS, CLASSES)
    assert drawn.finding.level == "ok"
    hits = torch.stack([b.masks[:, :, 1:].double().sum(dim=(0, 2, 3)) for b in batches]).sum(dim=0)
    assert drawn.shares == pytest.approx((hits / (2 * 4 * 15 * 16)).tolist())
    assert drawn.valid == pytest.approx(15 / 16)
    assert drawn.deviations[2] == pytest.approx(0.3, abs=0.02)


def test_shares_of_soft_masks_count_parts_of_pixels() -> None:
    made = batch()
    half = replace(made, masks=torch.full(made.masks.shape, 0.5))
    assert class_shares([half]).tolist() == [0.5, 0.5]
    assert prior_logits(class_shares([half])).tolist() == [0.0, 0.0]
    assert entropy(torch.tensor([0.5, 0.5])) == pytest.approx(0.6931, abs=1e-4)


def test_a_channel_without_numbers_fails_by_name() -> None:
    made = batch()
    made.inputs[1, 2, 3, 3] = torch.nan
    finding = check_drawn([made], CHANNELS, CLASSES).finding
    assert finding.level == "failure"
    assert "M.z" in finding.found
    assert "M.x" not in finding.found


def test_a_channel_that_is_not_normalised_is_a_warning() -> None:
    made = batch()
    made.inputs[:, 1] += 500
    finding = check_drawn([made], CHANNELS, CLASSES).finding
    assert finding.level == "warning"
    assert "M.y (5e+02" in finding.found
    made.inputs[:, 1] = 0
    assert "M.y (0 ± 0)" in check_drawn([made], CHANNELS, CLASSES).finding.found


def test_masks_that_teach_nothing_fail() -> None:
    made = batch()
    none = check_drawn([replace(made, masks=torch.zeros_like(made.masks))], CHANNELS, CLASSES)
    assert "no pixel is of any class" in none.finding.found
    large = check_drawn([replace(made, masks=made.masks * 255.0)], CHANNELS, CLASSES)
    assert "0 to 255" in large.finding.found
    nowhere = replace(made, valid=torch.zeros_like(made.valid))
    blind = check_drawn([nowhere], CHANNELS, CLASSES)
    assert "no pixel is valid" in blind.finding.found
    assert {r.finding.level for r in (none, large, blind)} == {"failure"}


def test_a_class_that_is_never_drawn_is_a_warning() -> None:
    made = batch()
    made.masks[:, 1] = False
    finding = check_drawn([made], CHANNELS, CLASSES).finding
    assert finding.level == "warning"
    assert "Water" in finding.found
    assert "augment.rare" in finding.advice
