"""Validation: pooled over batches at the best threshold of each class."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from pipeline.learning.batch import Batch
from pipeline.learning.device import Compute
from pipeline.learning.validation import validate


def test_pooled_jaccard_by_hand() -> None:
    network = nn.Identity().train()
    logits = torch.tensor([[[[5.0, 5.0, -5.0, 5.0]], [[1.0, 1.0, 1.0, 1.0]]]])
    masks = torch.tensor([[[[True, False, False, True]], [[False] * 4]]])
    valid = torch.tensor([[[True, True, True, False]]])
    batches = [Batch(logits, masks, valid), Batch(-logits, ~masks, valid)]
    compute = Compute(torch.device("cpu"), torch.float32)
    jaccard = validate(network, batches, 2, compute)
    # Class 0, first batch: 1 hit, 1 false; second: logits -5 -5 5, true 0 1 1: 1 hit, 1 missed.
    assert jaccard[0] == pytest.approx(2 / 4)
    # Class 1: absent in the first, everywhere in the second, where its level is the lower one:
    # predicting all gives 3 / 6.
    assert jaccard[1] == pytest.approx(3 / 6)
    assert network.training


def test_class_that_is_not_there_has_no_number() -> None:
    batch = Batch(
        torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 2, 2).bool(), torch.ones(1, 2, 2).bool()
    )
    compute = Compute(torch.device("cpu"), torch.float32)
    assert math.isnan(validate(nn.Identity(), [batch], 1, compute)[0])


def test_a_class_below_every_threshold_scores_nothing() -> None:
    """Predicting everywhere would give 0.3, but level 0 is of no class, here as in `evaluate`."""
    masks = torch.arange(10).reshape(1, 1, 1, 10) < 3
    batch = Batch(torch.full((1, 1, 1, 10), -20.0), masks, torch.ones(1, 1, 10).bool())
    compute = Compute(torch.device("cpu"), torch.float32)
    assert validate(nn.Identity(), [batch], 1, compute).tolist() == [0]


def test_frozen_parts_are_not_set_to_training() -> None:
    network = nn.Sequential(nn.BatchNorm2d(1), nn.BatchNorm2d(1)).train()
    network[0].requires_grad_(False)
    network[0].eval()
    compute = Compute(torch.device("cpu"), torch.float32)
    assert math.isnan(validate(network, [], 1, compute)[0])  # nothing is held out
    assert [part.training for part in network] == [False, True]
    network.eval()
    validate(network, [], 1, compute)
    assert not network[1].training
