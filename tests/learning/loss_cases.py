"""Losses and batches that tests of the loss share."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from pipeline.config.loss import Loss
from pipeline.learning.losses import MixedLoss, build_loss

TERMS = ("cross_entropy", "focal", "jaccard", "log_jaccard", "dice", "tversky")
REGIONS = TERMS[2:]


def loss_of(classes: int = 1, **values: Any) -> MixedLoss:
    """A loss of classes 0, 1, ... from keys as the configuration has them; no smoothing."""
    return build_loss(Loss.model_validate({"smoothing": 0, **values}), range(classes))


def one_term(term: str, classes: int = 1, **values: Any) -> MixedLoss:
    """A loss of one term."""
    return loss_of(classes, terms={term: 1}, **{"alpha": 0.3, "beta": 0.7, **values})


def logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


def by_hand() -> tuple[Tensor, Tensor, Tensor]:
    """One class; p = .8, .5, .2, .9; t = 1, 0, 1, 1; the last pixel is invalid."""
    logits = torch.tensor([[[[logit(0.8), logit(0.5)], [logit(0.2), logit(0.9)]]]])
    masks = torch.tensor([[[[1, 0], [1, 1]]]]).bool()
    valid = torch.tensor([[[True, True], [True, False]]])
    return logits, masks, valid


def random_batch(classes: int = 3, seed: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    """Batch of two patches of 6 x 5 pixels, soft truths of which many are 0 or 1."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, classes, 6, 5, generator=generator, dtype=torch.float64)
    masks = (torch.rand(2, classes, 6, 5, generator=generator) * 2 - 0.5).clamp(0, 1)
    return logits, masks, torch.rand(2, 6, 5, generator=generator) < 0.8


def softened(known: Tensor) -> Tensor:
    """Half of every truth."""
    return 0.5 * known.float()
