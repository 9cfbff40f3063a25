"""Validation: the contest's metric on held-out ground."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pipeline.learning.batch import Batch
from pipeline.learning.device import Compute
from pipeline.learning.freezing import set_training
from pipeline.learning.metrics import LevelCounts, to_levels


def validate(
    network: nn.Module, batches: Iterable[Batch], classes: int, compute: Compute
) -> NDArray[np.float64]:
    """Pooled Jaccard of a network on batches that hold every pixel once, masks bool.

    Returns:
        (K,) each class at its best threshold; NaN where no valid pixel is of the class, as in all
        classes where there is no batch.
    """
    counts = LevelCounts.empty(classes)
    training = network.training
    network.eval()
    with torch.inference_mode():
        for batch in batches:
            _count(counts, network, batch, compute)
    if training:
        set_training(network)  # not train(): frozen parts stay in evaluation mode
    present = counts.positives.sum(axis=1) > 0
    return np.where(present, counts.best().jaccard, np.nan)


def _count(counts: LevelCounts, network: nn.Module, batch: Batch, compute: Compute) -> None:
    with compute.autocast():
        logits = network(batch.inputs)
    levels = to_levels(logits.float().sigmoid()).cpu().numpy()
    for level, mask, valid in zip(
        levels, batch.masks.cpu().numpy(), batch.valid.cpu().numpy(), strict=True
    ):
        counts.add(level, mask, valid)
